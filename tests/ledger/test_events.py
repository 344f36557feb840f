"""Events are of known kinds; those that would come often are one row, whoever leaves them; and a reader misses none."""

import pytest
from django.db import IntegrityError

from jobs.choices import Door, EventKind, Verb
from jobs.ledger import events, sql
from jobs.models import Event
from tests.helpers.at_once import at_once
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_apps_at_once_leave_one_event():
    assert sorted(
        at_once(lambda app: events.hourly(EventKind.AMBIGUOUS_CALL, f"by {app}", job="nightly"), range(6))
    ) == [*range(1, 7)]
    assert Event.objects.get().count == 6


def test_each_job_and_kind_has_its_own():
    for job, kind in [
        ("a", EventKind.AMBIGUOUS_CALL),
        ("b", EventKind.AMBIGUOUS_CALL),
        ("a", EventKind.CLOCK_AHEAD),
    ]:
        assert events.hourly(kind, "what happened", job=job) == 1
    assert Event.objects.count() == 3


def test_other_events_are_a_row_each():
    for _ in range(2):
        events.record(EventKind.PAUSED, "paused")
    assert Event.objects.count() == 2


def test_what_is_reported_once_is_one_row():
    told = at_once(lambda app: events.once(EventKind.LEDGER_AHEAD, f"by {app}", "tomorrow", job="nightly"), range(4))
    assert sorted(told) == [False, False, False, True]
    assert events.once(EventKind.LEDGER_AHEAD, "later still", "next year", job="nightly")
    assert Event.objects.count() == 2


def test_an_event_of_an_unknown_kind_is_refused():
    with pytest.raises(IntegrityError, match="an_event_is_of_a_known_kind"):
        Event.objects.create(kind="note", message="of note")


def test_a_reader_gets_the_events_in_their_order():
    events.record_each(EventKind.SCHEDULE_CHANGED, "code", [("a", "first"), ("b", "second")])
    events.record(EventKind.PAUSED, "third", job="a", by="ada", reason="the bank moves")
    first, second, third = events.follow(0)
    assert [first.message, second.message, third.message] == ["first", "second", "third"]
    assert events.follow(first.pk) == [second, third]
    assert events.follow(first.pk, limit=1) == [second]
    assert events.follow(third.pk) == []


def test_a_reader_misses_no_event_that_is_committed_late(locked):
    earlier = "INSERT INTO nightshift_event (kind, message) VALUES ('paused', 'the earlier id')"
    with locked(earlier):
        events.record(EventKind.RESUMED, "the later id")
        assert Event.objects.count() == 1
        assert events.follow(0) == []
    assert [event.message for event in events.follow(0)] == ["the earlier id", "the later id"]


@pytest.mark.parametrize("change", ["SET message = 'another'", "SET run_id = NULL, by = 'me'", None])
def test_the_database_keeps_what_was_done(change):
    run = a_run()
    events.record(EventKind.PAUSED, "paused", run_id=run.pk)
    statement = f"UPDATE nightshift_event {change}" if change else "DELETE FROM nightshift_event"
    with pytest.raises(IntegrityError, match="never changed or deleted"):
        sql.execute(statement)
    run.delete()
    assert Event.objects.get().run is None


def test_of_an_event_that_is_counted_only_what_counting_changes_may_change():
    events.hourly(EventKind.AMBIGUOUS_CALL, "by one", job="nightly")
    events.hourly(EventKind.AMBIGUOUS_CALL, "by another", job="nightly")
    for change in (
        "count = 1",
        "count = 3, by = 'me'",
        "message = 'never'",
        "count = 3, address = 'elsewhere', key = ''",
    ):
        with pytest.raises(IntegrityError, match="never changed or deleted"):
            sql.execute(f"UPDATE nightshift_event SET {change}")
    assert Event.objects.values_list("count", "message").get() == (2, "by another")


def test_refusals_are_one_row_for_each_actor_verb_job_and_hour_however_many_try_at_once():
    def tries(number):
        with events.coming_from(Door.API, f"192.0.2.{number % 7}", "ci"):
            for verb, job in [(Verb.RUN, "nightly"), (Verb.RUN, "nightly"), (Verb.PAUSE, "nightly"), (Verb.RUN, "*")]:
                events.refused("it is refused", verb=verb, job=job, by="mallory")

    at_once(tries, range(12))
    events.refused("it is refused", verb=Verb.RUN, job="nightly", by="mallory, from the shell")
    assert sorted(Event.objects.values_list("by", "job", "count")) == [
        ("mallory", "", 12),
        ("mallory", "nightly", 12),
        ("mallory", "nightly", 24),
        ("mallory, from the shell", "nightly", 1),
    ]
    for addresses in Event.objects.filter(by="mallory").values_list("address", flat=True):
        *first, others = addresses.split(", ")
        assert (len(set(first)), others) == (5, "…")


def test_an_event_says_by_what_way_somebody_came():
    with events.coming_from(Door.API, "192.0.2.7", "deploy"):
        events.record(EventKind.PAUSED, "paused", by="ada")
    events.record(EventKind.RELEASE, "by itself")
    assert [*Event.objects.order_by("pk").values_list("door", "address", "token")] == [
        ("api", "192.0.2.7", "deploy"),
        ("", "", ""),
    ]
