"""Everything is held: nothing starts by itself, and what was swallowed is known when it ends."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.ledger import claims, holds, in_force, missed, obstacles, queue, states, triggers
from jobs.ledger.settle import settle
from jobs.models import Event, Gap, Intervention, Run
from jobs.reading.drift import drift
from jobs.reading.explain import explain
from jobs.reading.history import history
from jobs.reading.overview import overview
from tests.helpers.rows import HERE, a_pause, a_queued_run, first_seen_at

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
# The end of a hold settles up to now.
NOON = datetime.now(UTC).replace(second=0, microsecond=0) - HOUR


@pytest.fixture(autouse=True)
def often(declared, monkeypatch, rung):
    first_seen_at(monkeypatch, NOON)
    declared("often", command="succeeds", schedule="0 * * * * *", start_deadline="never")
    declared("other", command="succeeds", schedule="0 * * * * *", start_deadline="never")
    declared("load", command="succeeds", after="often")
    settle(registry.scheduled(), NOON)
    return registry["often"]


def held_from(minute, **fields):
    """A hold that began so many minutes after noon."""
    hold = holds.hold(by="anna", reason="the database moves", **fields)
    Intervention.objects.update(began_at=NOON + minute * MINUTE)
    hold.refresh_from_db()
    return hold


def test_what_is_due_in_it_gets_gaps_that_say_so(often):
    hold = held_from(2)
    settle(registry.scheduled(), NOON + 5 * MINUTE)
    gaps = Gap.objects.filter(job="often").order_by("first")
    assert [(gap.first, gap.count, gap.reason, gap.by, gap.note) for gap in gaps][-1:] == [
        (NOON + 2 * MINUTE, 4, "held", "anna", "the database moves")
    ]
    assert [(gap.job, gap.count) for gap in holds.swallowed(hold)] == [("often", 4), ("other", 4)]
    assert explain(often, NOON + 3 * MINUTE, NOON + 6 * MINUTE).sentences[1:3] == (
        "It was skipped: everything was held by anna: the database moves.",
        "It still is, without an end. `manage.py hold --end` ends it.",
    )


def test_what_it_swallowed_can_be_run_when_it_has_ended(often):
    held_from(0)
    settle(registry.scheduled(), NOON + 5 * MINUTE)
    ended = holds.end_hold(by="ben")
    assert (ended.ended_by, in_force.hold()) == ("ben", None)
    [gap, *_] = holds.swallowed(ended)
    assert missed.run_missed(often, gap=gap.pk, requested_by="ben").left == 0
    assert [gap.job for gap in holds.swallowed(ended)] == ["other"]
    assert list(Event.objects.filter(kind__in=["held", "hold_ended"]).values_list("message", flat=True)) == [
        "Everything that starts by itself is held by anna: the database moves",
        "ben ended the hold by anna.",
    ]


def test_what_is_paused_too_is_missed_for_its_pause(often):
    held_from(0)
    a_pause("often", began_at=NOON)
    settle([often], NOON + 5 * MINUTE)
    assert set(Gap.objects.filter(job="often").values_list("reason", flat=True)) == {"paused"}


def test_it_ends_by_itself_once_for_all_jobs():
    held_from(0, until=states.clock() + HOUR)
    Intervention.objects.update(until=NOON + 2 * MINUTE)
    for job in registry.scheduled():
        settle([job], NOON + 5 * MINUTE)
    assert Intervention.objects.get().ended_at == NOON + 2 * MINUTE
    assert Event.objects.get(kind="hold_ended").message == "The hold of everything by anna has ended."
    assert Run.objects.filter(scheduled_for=NOON + 5 * MINUTE).count() == 2


# The trigger, whether an occurrence is behind it, whether whoever asked said that no hold is to keep it; then whether
# it starts in a hold, and in one of all starts.
STARTS = [
    ("schedule", True, False, False, False),
    ("catch_up", True, False, False, False),
    ("chain", True, False, False, False),
    ("chain", False, False, True, False),
    ("manual", False, False, True, False),
    ("api", False, False, True, False),
    ("repair", True, False, True, False),
    ("manual", False, True, True, True),
]


@pytest.mark.parametrize("all_starts", [False, True])
@pytest.mark.parametrize(("trigger", "is_due", "despite_hold", "starts", "starts_in_all"), STARTS)
def test_what_waits_for_its_end(trigger, is_due, despite_hold, starts, starts_in_all, all_starts):
    fields = {"scheduled_for": NOON} if is_due else {}
    run = a_queued_run("often", trigger=trigger, despite_hold=despite_hold, **fields)
    holds.hold(by="anna", reason="the database moves", all_starts=all_starts)
    expected = starts_in_all if all_starts else starts
    assert claims.next_ready(5) == [run.pk] * expected
    if not expected:
        found = obstacles.obstacle(run.pk)
        assert (found.rule, found.sentence()) == (obstacles.Rule.HOLD, "everything is held by anna, without an end.")
    assert bool(claims.claim(run.pk, HERE)) == expected


def test_nobody_is_rung_for_what_is_held_and_it_is_rung_for_at_its_end(rung):
    run = a_queued_run("often", trigger="schedule", scheduled_for=NOON, not_before=states.clock() - HOUR)
    holds.hold(by="anna", reason="the database moves")
    assert queue.forgotten() == []
    holds.end_hold(by="anna")
    assert run.pk in rung


def test_a_run_that_is_held_until_its_deadline_is_missed_with_that_reason():
    run = a_queued_run("often", trigger="schedule", scheduled_for=NOON, start_by=states.clock() - MINUTE)
    holds.hold(by="anna", reason="the database moves")
    assert queue.miss_overdue() == 1
    run.refresh_from_db()
    assert (run.status, run.error) == (Status.MISSED, "Everything was held until its start deadline had passed.")


def test_a_person_starts_a_run_in_spite_of_it():
    holds.hold(by="anna", reason="the database moves", all_starts=True)
    run = triggers.request("other", requested_by="ben", despite_hold=True, ring=False)
    assert claims.claim(run.pk, HERE)


def test_one_hold_is_open_at_a_time_and_its_end_lies_ahead():
    with pytest.raises(holds.NotHeld):
        holds.end_hold(by="anna")
    with pytest.raises(holds.HoldEndsInThePast, match="Give an end that lies ahead"):
        holds.hold(by="anna", reason="moving", until=NOON - 400 * 24 * HOUR)
    holds.hold(by="anna", reason="moving")
    with pytest.raises(holds.AlreadyHeld) as error:
        holds.hold(by="ben", reason="mine")
    assert str(error.value) == "Everything is held already, by anna: moving. End that hold first, or leave it so."


def test_jobs_drift_and_history_show_it():
    until = states.clock() + HOUR
    holds.hold(by="anna", reason="moving", until=until)
    [difference] = drift()
    assert (difference.job, difference.now, difference.by) == ("–", "held. `manage.py hold --end` ends it", "anna")
    assert {(row.name, row.held_by, row.held_reason) for row in overview(["often"])} == {("often", "anna", "moving")}
    assert overview(["often"])[0].next_run_at >= until
    assert [(past.job, past.what) for past in history()] == [("–", "held")]
