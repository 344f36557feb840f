"""Occurrences that had no run get one afterwards: each its own, once, while the schedule goes on."""

from datetime import timedelta

import pytest

from jobs.choices import AttemptStatus, Status, Trigger
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, instance, missed, obstacles
from jobs.ledger.attempts import Outcome
from jobs.ledger.settle import settle
from jobs.models import Event, Gap, Repair, Run
from tests.helpers.days import assert_days_are_counted_right
from tests.helpers.rows import NOON, a_pause, first_seen_at

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def minutes(*numbers):
    return [NOON + number * MINUTE for number in numbers]


@pytest.fixture
def hole(declared, monkeypatch, rung):
    """A job of each minute, first seen at noon: no host was there for 38 minutes, and the last of these ran."""
    first_seen_at(monkeypatch, NOON)

    def make(settled=38, **rules):
        # Those that ran, or will, were due long ago.
        rules = {"start_deadline": "never"} | rules
        declared("often", command="succeeds", schedule="0 * * * * *", **rules)
        settle(registry.scheduled(), NOON)
        settle(registry.scheduled(), NOON + settled * MINUTE)
        return registry["often"]

    return make


def run_next():
    """Execute the run that is first in line."""
    [run, *_] = claims.next_ready(10)
    claim = claims.claim(run, instance.current())
    attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED))
    return Run.objects.get(pk=run)


def recorded(job="often"):
    """Each minute that the ledger knows of the job, as often as it knows it."""
    moments = list(Run.objects.filter(job=job, scheduled_for__isnull=False).values_list("scheduled_for", flat=True))
    for gap in Gap.objects.filter(job=job):
        moments += [gap.first + number * MINUTE for number in range(gap.count)]
        assert moments[-1] == gap.last
    return sorted(moments)


def test_a_gap_is_repaired_by_one_call_while_the_schedule_goes_on(hole, rung):
    job = hole()
    gap = Gap.objects.get()
    assert missed.preview(job, gap=gap.pk).occurrences == minutes(*range(1, 38))
    del rung[:]
    repaired = missed.run_missed(job, gap=gap.pk, requested_by="anna", note="the database was moved")
    assert sorted(repaired.runs) == minutes(*range(1, 38))
    assert rung == [repaired.runs[NOON + MINUTE]], "each of the others waits for the one before it"
    assert not Gap.objects.exists()
    run_next()
    order = []
    for number in range(39, 57):  # each minute one occurrence, and room for three runs
        settle([job], NOON + number * MINUTE)
        order += [run_next().scheduled_for for _ in range(3)]
    assert order == [due for number in range(18) for due in minutes(39 + number, 2 * number + 1, 2 * number + 2)], (
        "the schedule's first, the others one after another, oldest first"
    )
    assert run_next().scheduled_for == NOON + 37 * MINUTE
    assert not Run.objects.exclude(status=Status.SUCCEEDED).exists()
    assert recorded() == minutes(*range(1, 57)), "a repair is in no occurrence's way"


def test_what_was_repaired_says_what_the_gap_said_and_who_asked(hole):
    job = hole()
    gap = Gap.objects.get()
    missed.run_missed(job, gap=gap.pk, requested_by="anna", note="the database was moved")
    repair = Repair.objects.get()
    assert (repair.first, repair.last, repair.count) == (gap.first, gap.last, 37)
    assert (repair.fate, repair.reason, repair.gap_number) == ("missed", "superseded", gap.pk)
    assert (repair.repaired_by, repair.why) == ("anna", "the database was moved")
    first, last = Run.objects.filter(trigger=Trigger.REPAIR).order_by("id").values_list("id", flat=True)[0:37:36]
    assert Event.objects.get(kind="repaired").message == (
        "anna had 37 occurrences of often run that had no run, 2026-03-14 12:01:00Z to 2026-03-14 12:37:00Z, "
        f"by runs {first} to {last}: the database was moved"
    )


def test_who_asks_second_is_given_the_runs_that_are_there(hole):
    job = hole()
    gap = Gap.objects.get()
    first = missed.run_missed(job, gap=gap.pk, requested_by="anna")
    second = missed.run_missed(job, gap=gap.pk, requested_by="ben")
    assert (second.runs, second.left) == ({}, 0)
    assert {each.occurrence: each.run_id for each in second.with_run} == first.runs
    assert Event.objects.filter(kind="repaired").count() == 1


def test_a_window_leaves_what_is_outside_of_it_in_gaps(hole):
    job = hole()
    found = missed.run_missed(job, after=NOON + 10 * MINUTE, before=NOON + 12 * MINUTE, requested_by="anna")
    assert sorted(found.runs) == minutes(10, 11, 12)
    gaps = [(gap.first, gap.last, gap.count) for gap in Gap.objects.order_by("first")]
    assert gaps == [(*minutes(1, 9), 9), (*minutes(13, 37), 25)]
    assert_days_are_counted_right()


def test_a_gap_that_goes_on_does_so_after_its_end_was_repaired(hole):
    job = hole(settled=0)
    a_pause("often", began_at=NOON)
    settle([job], NOON + 5 * MINUTE)
    missed.run_missed(job, after=NOON + 4 * MINUTE, before=NOON + 5 * MINUTE, requested_by="anna")
    settle([job], NOON + 8 * MINUTE)
    assert recorded() == minutes(*range(1, 9))
    assert [gap.count for gap in Gap.objects.order_by("first")] == [3, 3]


def test_more_than_one_call_runs_is_said_and_left_to_the_next(hole):
    job = hole()
    gap = Gap.objects.get().pk
    found = missed.preview(job, gap=gap, limit=10)
    assert (len(found.occurrences), found.count, found.is_capped) == (10, 37, True)
    assert missed.run_missed(job, gap=gap, limit=30, requested_by="anna").left == 7
    rest = missed.run_missed(job, gap=gap, limit=30, requested_by="anna")
    assert (len(rest.runs), rest.left, len(rest.with_run)) == (7, 0, 30)


def test_occurrences_are_those_of_the_schedule_that_was_in_force(hole, declared):
    hole()
    registry.clear()
    declared("often", command="succeeds", schedule="30 0 * * * *")
    assert missed.preview(registry["often"], gap=Gap.objects.get().pk).count == 37


@pytest.mark.parametrize("policy", ["skip", "queue", "allow", "replace"])
def test_no_policy_of_overlaps_skips_or_replaces_anything_for_a_repair(hole, policy):
    job = hole(overlap=policy)
    run_next()  # of the last minute
    missed.run_missed(job, gap=Gap.objects.get().pk, requested_by="anna")
    running = claims.claim(claims.next_ready(1)[0], instance.current())
    [scheduled] = settle([job], NOON + 39 * MINUTE).runs
    assert Run.objects.filter(trigger=Trigger.REPAIR, status=Status.QUEUED).count() == 36
    if policy != "allow":
        assert obstacles.obstacle(scheduled.run).rule is obstacles.Rule.OVERLAP, "it waits for the one that runs"
    attempts.finish(running, Outcome(status=AttemptStatus.SUCCEEDED))
    second = Run.objects.filter(trigger=Trigger.REPAIR, status=Status.QUEUED).earliest("id")
    if policy != "allow":
        assert claims.claim(second.pk, instance.current()) is None, "the schedule's runs come first"
    assert run_next().trigger != Trigger.REPAIR


def test_steps_follow_what_was_repaired(hole, declared):
    declared("load", command="succeeds", after="often")
    declared("report", command="succeeds", after="load")
    job = hole(settled=3)
    assert Gap.objects.filter(job="load").count() == Gap.objects.filter(job="report").count() == 1
    run_next()
    missed.run_missed(job, gap=Gap.objects.get(job="often").pk, requested_by="anna", note="moved")
    assert not Gap.objects.exists()
    assert set(Repair.objects.values_list("job", "reason")) == {
        ("often", "superseded"),
        ("load", "predecessor"),
        ("report", "predecessor"),
    }
    while claims.next_ready(1):
        run_next()
    for name in ("often", "load", "report"):
        assert recorded(name) == minutes(1, 2, 3)
        assert set(Run.objects.filter(job=name).values_list("status", flat=True)) == {"succeeded"}
    assert_days_are_counted_right()


def test_a_step_stays_in_its_gap_while_another_predecessor_has_no_run(hole, declared, monkeypatch):
    declared("other", command="succeeds", schedule="0 * * * * *", start_deadline="never")
    declared("join", command="succeeds", after=["often", "other"])
    job = hole(settled=3)
    missed.run_missed(job, gap=Gap.objects.get(job="often").pk, requested_by="anna")
    assert Gap.objects.get(job="join").count == 2
    missed.run_missed(registry["other"], gap=Gap.objects.get(job="other").pk, requested_by="anna")
    assert not Gap.objects.exists()
    while claims.next_ready(1):
        run_next()
    assert recorded("join") == minutes(1, 2, 3)


REFUSED = [
    ({}, missed.NothingNamed, "Name a gap, or a window by its beginning and its end."),
    (
        {"after": NOON, "before": NOON - MINUTE},
        missed.NothingNamed,
        "The window ends at 2026-03-14 11:59:00Z, before it begins at 2026-03-14 12:00:00Z.",
    ),
    (
        {"gap": 4711},
        missed.UnknownGap,
        "There is no gap 4711 of job 'often'. `manage.py missed often` lists what had no run.",
    ),
]


@pytest.mark.parametrize(("asked", "error", "sentence"), REFUSED)
def test_what_cant_be_repaired_is_refused_with_a_sentence(hole, asked, error, sentence):
    job = hole()
    with pytest.raises(error) as refused:
        missed.run_missed(job, **asked, requested_by="anna")
    assert str(refused.value) == sentence


def test_a_step_is_repaired_by_what_it_follows(hole, declared):
    declared("load", command="succeeds", after="often")
    hole()
    with pytest.raises(missed.FollowsOthers) as refused:
        missed.preview(registry["load"], gap=Gap.objects.get(job="load").pk)
    assert str(refused.value) == (
        "Job 'load' is a step after often. Run what often missed: the step follows where that succeeds."
    )


def test_a_gap_of_a_schedule_that_cant_be_read_is_refused(hole):
    job = hole()
    gap = Gap.objects.get()
    Gap.objects.update(fingerprint="0 0 0 * * * Mars/Olympus")
    with pytest.raises(missed.carving.UnreadableGap, match="which can't be read here"):
        missed.preview(job, gap=gap.pk)
