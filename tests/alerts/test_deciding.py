"""Notices become deliveries: each once, together where the cause is one, and nothing that nobody could act on."""

from datetime import timedelta

import pytest

from jobs.alerts import deciding, outbox
from jobs.alerts.channels import Answer
from jobs.choices import Cause, NoticeKind
from jobs.ledger import incident_acts, sql, states
from jobs.models import Delivery, DeliveryAttempt, Event, Incident, Notice, Release
from tests.alerts.telling import CHANNELS, TAKEN, acknowledges, later, opens, resolves, sent, titles

pytestmark = pytest.mark.django_db
REFUSED = Answer(done=False, text="500 Internal Server Error")


@pytest.fixture(autouse=True)
def ops(settings):
    settings.JOBS_CHANNELS = CHANNELS
    settings.JOBS_ROUTES = [{"to": "ops"}]


def routes(settings, *entries):
    settings.JOBS_ROUTES = list(entries)


def test_an_incident_is_told_once_and_so_is_its_end():
    incident = opens("rates")
    assert sent() == [("ops", "rates failed: OperationalError: connection refused")]
    assert sent() == []
    resolves(incident)
    assert [title.partition(" after")[0] for title in titles()] == ["rates recovered"]
    assert sent() == []


def test_a_notice_is_done_in_the_transaction_of_its_deliveries():
    opens("rates")
    assert deciding.decide() == 1
    assert deciding.decide() == 0
    assert Notice.objects.get().done_at is not None
    assert Delivery.objects.get().attempts == 0


def test_what_is_over_before_it_could_be_told_is_told_to_nobody():
    resolves(opens("rates"))
    assert sent() == []
    incident = opens("rates")
    deciding.decide()
    resolves(incident)
    assert sent() == []
    assert Delivery.objects.get().why == "It was over before this could be sent."


def test_what_is_over_as_it_is_about_to_be_sent_isnt_sent():
    """The notice of its end isn't decided yet."""
    incident = opens("rates")
    deciding.decide()
    (leased,) = outbox.lease([])
    resolves(incident)
    assert outbox.message_of(leased) is None
    delivery = Delivery.objects.get()
    assert (delivery.attempts, delivery.tries.count()) == (0, 0)
    assert delivery.why == "It was over before this could be sent."
    assert sent() == []


def test_who_may_have_heard_of_it_hears_of_its_end():
    incident = opens("rates")
    assert len(sent(REFUSED)) == 1
    resolves(incident)
    # The end doesn't overtake what is still being tried.
    assert sent() == []
    later(seconds=10)
    assert [title.split()[1] for title in titles()] == ["failed:", "recovered"]


def test_our_own_outage_is_told_once_already_over(settings):
    routes(settings, {"to": "ops"}, {"to": "pager"})
    now = states.clock()
    opens("", Cause.NOT_RUNNING, detail="Not running 02:10–02:47 UTC: 37 occurrences of 12 jobs.", error="",
          fingerprint="", resolved_at=now, resolution="recovered")  # fmt: skip
    told = "Not running 02:10–02:47 UTC: 37 occurrences of 12 jobs"
    # PagerDuty would keep it open for ever: it hears both.
    assert sent() == [("ops", told), ("pager", told), ("pager", "Nightshift recovered after 0 s")]


def test_what_hung_and_then_failed_is_one_story_but_for_who_keeps_it_open(settings):
    routes(settings, {"to": "ops"}, {"to": "pager"})
    hangs = opens("backup", Cause.STILL_RUNNING, fingerprint="")
    assert len(sent()) == 2
    opens("backup")
    resolves(hangs)
    assert [(channel, title.split()[1]) for channel, title in sent()] == [
        ("ops", "failed:"),
        ("pager", "failed:"),
        ("pager", "has"),
    ]


# Grouping


def test_what_fails_together_is_one_message():
    for number in range(7):
        opens(f"job_{number}")
    assert titles() == ["7 jobs failed with OperationalError"]


def test_the_first_goes_at_once_and_what_joins_it_follows_in_one():
    first = opens("job_0")
    assert titles() == ["job_0 failed: OperationalError: connection refused"]
    for number in range(1, 4):
        opens(f"job_{number}")
    assert titles() == []
    (waiting,) = Delivery.objects.waiting()
    assert waiting.due_at == first.opened_at + timedelta(seconds=90)
    opens("job_4")
    later(seconds=90)
    assert titles() == ["4 jobs failed with OperationalError"]
    key = {outbox.key_of(each) for each in Delivery.objects.all()}
    assert len(key) == 1


def test_a_group_is_over_when_all_that_was_told_is():
    first, second = opens("job_0"), opens("job_1")
    assert titles() == ["2 jobs failed with OperationalError"]
    resolves(first)
    assert titles() == []
    resolves(second)
    assert [title.partition(" after")[0] for title in titles()] == ["2 jobs recovered"]
    assert titles() == []


def test_what_recovers_before_the_second_message_isnt_in_it():
    first = opens("job_0")
    assert len(titles()) == 1
    second, third = opens("job_1"), opens("job_2")
    deciding.decide()
    resolves(second)
    later(seconds=90)
    assert titles() == ["job_2 failed: OperationalError: connection refused"]
    resolves(first)
    resolves(third)
    assert [title.partition(" after")[0] for title in titles()] == ["2 jobs recovered"]


@pytest.mark.parametrize(
    ("cause", "one", "other", "messages"),
    [
        (Cause.FAILED, {"fingerprint": "A"}, {"fingerprint": "A"}, 1),
        (Cause.FAILED, {"fingerprint": "A"}, {"fingerprint": "B"}, 2),
        (Cause.LOST, {"instance": "vm", "fingerprint": "A"}, {"instance": "vm", "fingerprint": "B"}, 1),
        (Cause.LOST, {"instance": "vm", "fingerprint": "A"}, {"instance": "vn", "fingerprint": "B"}, 2),
        (Cause.MISSED, {"fingerprint": ""}, {"fingerprint": ""}, 1),
        (Cause.FAILED, {"release": "new", "fingerprint": "A"}, {"release": "new", "fingerprint": "B"}, 1),
        (Cause.FAILED, {"release": "old", "fingerprint": "A"}, {"release": "old", "fingerprint": "B"}, 2),
    ],
)
def test_what_has_one_cause_is_told_together(cause, one, other, messages):
    now = states.clock()
    for name, age in (("new", 30), ("old", 300)):
        Release.objects.create(
            key=name, name=name, declarations={}, deployed_at=now - timedelta(minutes=age), last_seen_at=now
        )
    opens("job_0", cause, **one)
    opens("job_1", cause, **other)
    assert len(titles()) == messages


def test_what_fails_later_is_another_thing():
    opens("job_0", opened_at=states.clock() - timedelta(seconds=91))
    opens("job_1")
    assert len(titles()) == 2


def test_different_causes_are_told_apart():
    opens("job_0")
    opens("job_1", Cause.LOST)
    assert len(titles()) == 2


def test_two_causes_of_one_job_are_told_apart():
    opens("job_0", Cause.MISSED, fingerprint="")
    opens("job_0", Cause.LATE_START, fingerprint="")
    assert len(titles()) == 2


def test_each_channel_hears_of_its_own_part_of_a_group(settings):
    routes(settings, {"to": "ops", "jobs": ["job_0"]}, {"to": "phone", "jobs": ["job_1", "job_2"]})
    for number in range(3):
        opens(f"job_{number}")
    assert sent() == [
        ("ops", "job_0 failed: OperationalError: connection refused"),
        ("phone", "2 jobs failed with OperationalError"),
    ]


# Acknowledged and escalated


def escalating(settings):
    routes(settings, {"to": "ops"}, {"to": "pager", "after": timedelta(minutes=15)})


def test_what_nobody_acknowledges_escalates(settings):
    escalating(settings)
    incident = opens("rates", opened_at=states.clock() - timedelta(minutes=15))
    Notice.objects.update(at=states.clock())
    assert [channel for channel, _ in sent()] == ["ops"]
    later(minutes=15)
    assert sent() == [("pager", "Nobody works on it after 15 min: rates failed")]
    resolves(incident)
    assert {channel for channel, _ in sent()} == {"ops", "pager"}


def test_what_somebody_acknowledges_doesnt_escalate(settings):
    escalating(settings)
    incident = opens("rates")
    assert len(sent()) == 1
    acknowledges(incident)
    assert sent() == [("ops", "ada works on it: rates failed")]
    later(minutes=15)
    assert sent() == []
    assert Delivery.objects.get(channel="pager").why == "ada works on it."
    resolves(incident)
    assert [channel for channel, _ in sent()] == ["ops"]


def test_what_is_over_doesnt_escalate(settings):
    escalating(settings)
    incident = opens("rates")
    assert len(sent()) == 1
    resolves(incident)
    assert len(sent()) == 1
    later(minutes=15)
    assert sent() == []


def test_what_is_snoozed_escalates_when_the_snooze_ends(settings):
    escalating(settings)
    incident = opens("rates")
    assert len(sent()) == 1
    incident_acts.snooze(incident.pk, states.clock() + timedelta(hours=1), by="ada")
    later(minutes=15)
    assert sent() == []
    waiting = Delivery.objects.get(channel="pager")
    assert (waiting.silenced, waiting.attempts) == ("ada snoozed it.", 0)
    Incident.objects.update(snoozed_until=states.clock())
    later(hours=1)
    assert [channel for channel, _ in sent()] == ["pager"]


def test_a_group_is_acknowledged_when_all_of_it_is():
    first, second = opens("job_0"), opens("job_1")
    assert len(sent()) == 1
    acknowledges(first)
    assert sent() == []
    acknowledges(second)
    assert titles() == ["ada works on it: 2 jobs failed with OperationalError"]


# Quiet hours and maintenance


def quiet():
    """Hours around the present one."""
    now = states.clock()
    begin, end = now - timedelta(hours=1), now + timedelta(hours=2)
    return {"quiet": f"{begin:%H}:00-{end:%H}:00", "time_zone": "UTC"}


def test_what_is_still_open_when_quiet_hours_end_is_told_then(settings):
    routes(settings, {"to": "ops", **quiet()})
    opens("rates")
    assert sent() == []
    waiting = Delivery.objects.get()
    assert waiting.silenced.startswith("Quiet hours until ")
    later(hours=2)
    assert len(sent()) == 1
    assert "Told only now: Quiet hours until" in Delivery.objects.get().message["text"]


def test_what_is_over_when_quiet_hours_end_is_told_to_nobody(settings):
    routes(settings, {"to": "ops", **quiet()})
    resolves(opens("rates"))
    incident = opens("cleans")
    deciding.decide()
    resolves(incident)
    later(hours=2)
    assert sent() == []


def test_an_end_waits_for_the_end_of_quiet_hours_too(settings):
    incident = opens("rates")
    assert len(sent()) == 1
    routes(settings, {"to": "ops", **quiet()})
    resolves(incident)
    assert sent() == []
    later(hours=2)
    assert [title.split()[1] for title in titles()] == ["recovered"]


def test_a_maintenance_window_silences_messages_and_not_the_ledger(settings):
    settings.JOBS_MAINTENANCE = [{"from": "2020-01-01T00:00Z", "until": "2120-01-01T00:00Z"}]
    incident = opens("rates")
    assert sent() == []
    assert Incident.objects.open().get() == incident
    assert Delivery.objects.get().silenced == "A maintenance window until 2120-01-01 00:00:00Z."


def test_without_a_route_nobody_hears_and_the_notice_is_done(settings):
    routes(settings, {"to": "ops", "jobs": ["other"]})
    opens("rates")
    assert sent() == []
    assert not Delivery.objects.exists()
    assert not Notice.objects.filter(done_at=None).exists()


def test_incidents_of_a_group_show_the_same_deliveries():
    first, second = opens("job_0"), opens("job_1")
    sent()
    for incident in (first, second):
        incident.refresh_from_db()
        (delivery,) = Delivery.objects.all().about(incident)
        assert delivery.incidents == [first.pk, second.pk]
        assert delivery.kind == NoticeKind.OPENED
        assert delivery.answer == TAKEN.text


def test_deliveries_and_their_tries_go_with_their_incident():
    incident = opens("rates")
    sent()
    assert Delivery.objects.get().tries.count() == 1
    sql.execute("DELETE FROM nightshift_incident WHERE id = %s", [incident.pk])
    assert not Delivery.objects.exists()
    assert not DeliveryAttempt.objects.exists()
    assert not Notice.objects.exists()


def test_a_message_is_given_up_after_a_day_and_an_event_says_so():
    opens("rates")
    sent(REFUSED)
    DeliveryAttempt.objects.update(at=states.clock() - timedelta(hours=24))
    later(seconds=10)
    sent(REFUSED)
    delivery = Delivery.objects.get()
    assert delivery.given_up_at is not None
    assert delivery.why == "It was tried for 1 d, the last time with: 500 Internal Server Error"
    assert Event.objects.get(kind="undelivered").message.startswith("A message about incident ")


@pytest.mark.parametrize(("number", "seconds"), [(1, 5), (2, 10), (5, 80), (10, 2560), (11, 3600), (99, 3600)])
def test_each_try_waits_twice_as_long_up_to_an_hour(number, seconds):
    assert outbox.pause(number) == timedelta(seconds=seconds)


def test_a_lease_that_ran_out_is_taken_over_and_the_former_holder_changes_nothing():
    opens("rates")
    deciding.decide()
    (former,) = outbox.lease([])
    assert outbox.lease([]) == []
    Delivery.objects.update(leased_until=states.clock() - timedelta(seconds=1))
    (next_one,) = outbox.lease([])
    assert (next_one.id, next_one.number) == (former.id, former.number + 1)
    first, second = outbox.message_of(former), outbox.message_of(next_one)
    assert outbox.delivery_id(former, first) == outbox.delivery_id(next_one, second)
    outbox.record(former, REFUSED)
    assert Delivery.objects.get().leased_by
    outbox.record(next_one, TAKEN)
    assert Delivery.objects.get().delivered_at is not None


def test_a_server_says_when_it_may_be_asked_again():
    opens("rates")
    deciding.decide()
    (leased,) = outbox.lease([])
    outbox.message_of(leased)
    outbox.record(leased, Answer(done=False, text="429", after=timedelta(minutes=10)))
    wait = Delivery.objects.get().due_at - states.clock()
    assert timedelta(minutes=9) < wait <= timedelta(minutes=10)
