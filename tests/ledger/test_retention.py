from datetime import timedelta
from typing import Any

import pytest

from jobs.ledger.retention import Pruned, prune
from jobs.models import Attempt, Event, Gap, Intervention, JobState, Output, Run
from tests.helpers.rows import NOON, a_pause, a_run, an_attempt

pytestmark = pytest.mark.django_db


def days_ago(days):
    return NOON - timedelta(days=days)


def pruned(**changes):
    rules: dict[str, Any] = {
        "age": timedelta(days=30),
        "failures_age": timedelta(days=90),
        "keep": 0,
        "now": NOON,
    } | changes
    return prune(**rules)


def a_gap(days, **fields):
    return Gap.objects.create(
        job="nightly",
        first=days_ago(days + 1),
        last=days_ago(days),
        count=2,
        fate="missed",
        reason="too_late",
        **fields,
    )


def what_is_left():
    return list(Run.objects.order_by("id"))


def test_runs_that_ended_long_ago_go_with_all_that_hangs_on_them():
    old, young = a_run(finished_at=days_ago(31)), a_run(finished_at=days_ago(29))
    an_attempt(old, written=[b"long ago"])
    Event.objects.create(run=old, kind="release", message="long ago")
    assert pruned() == Pruned(runs=1, attempts=1, gaps=0, events=0, interventions=0)
    assert what_is_left() == [young]
    assert not Attempt.objects.exists()
    assert not Output.objects.exists()
    assert not Event.objects.exists()


@pytest.mark.parametrize("status", ["failed", "timed_out", "lost"])
def test_failures_stay_longer(status):
    a_run(status=status, finished_at=days_ago(91))
    young = a_run(status=status, finished_at=days_ago(89))
    assert pruned().runs == 1
    assert what_is_left() == [young]


def test_failures_can_be_told_to_go_sooner():
    a_run(status="failed", finished_at=days_ago(20))
    a_run(finished_at=days_ago(20))
    assert pruned(failures_age=timedelta(days=10)).runs == 1
    assert [run.status for run in what_is_left()] == ["succeeded"]


@pytest.mark.parametrize("status", ["queued", "running"])
def test_runs_at_work_or_waiting_stay_however_old(status):
    a_run(status=status, created_at=days_ago(1000))
    assert pruned().runs == 0


def test_the_newest_runs_of_each_job_stay_however_old():
    kept = []
    for job in ("nightly", "weekly"):
        runs = [a_run(job, finished_at=days_ago(1000)) for _ in range(5)]
        kept += runs[2:]
    assert pruned(keep=3).runs == 4
    assert what_is_left() == kept


def test_jobs_that_are_declared_no_more_are_pruned_too():
    a_run("long_forgotten", finished_at=days_ago(1000))
    assert pruned().runs == 1


def test_more_runs_than_one_batch_holds_go_all(monkeypatch):
    monkeypatch.setattr("jobs.ledger.retention.BATCH", 3)
    for day in range(31, 41):
        a_run(finished_at=days_ago(day))
        a_run(status="failed", finished_at=days_ago(day))
    assert pruned().runs == 10
    assert {run.status for run in what_is_left()} == {"failed"}


def test_runs_that_ended_at_the_same_moment_fit_no_batch_and_go_all(monkeypatch):
    monkeypatch.setattr("jobs.ledger.retention.BATCH", 3)
    for _ in range(10):
        a_run(finished_at=days_ago(31))
    assert pruned() == Pruned(runs=10, attempts=10, gaps=0, events=0, interventions=0)


def test_a_run_that_stays_forgets_the_run_that_was_in_its_way():
    stays = a_run(status="skipped", blocked_by=a_run(finished_at=days_ago(31)))
    pruned()
    stays.refresh_from_db()
    assert stays.blocked_by is None


def test_interventions_go_once_they_ended_long_ago():
    a_pause("ended", began_at=days_ago(200), ended_at=days_ago(91))
    a_pause("over", began_at=days_ago(200), until=days_ago(91))
    a_pause("ended of late", began_at=days_ago(200), ended_at=days_ago(89))
    a_pause("open", began_at=days_ago(200))
    assert pruned() == Pruned(runs=0, attempts=0, gaps=0, events=0, interventions=2)
    assert sorted(Intervention.objects.values_list("job", flat=True)) == ["ended of late", "open"]


def test_old_gaps_and_events_go_with_the_failures():
    a_gap(91)
    young = a_gap(89)
    Event.objects.create(kind="release", message="long ago", at=days_ago(91))
    Event.objects.create(kind="release", message="of late", at=days_ago(89))
    assert pruned() == Pruned(runs=0, attempts=0, gaps=1, events=1, interventions=0)
    assert list(Gap.objects.all()) == [young]
    assert [str(event) for event in Event.objects.all()] == ["of late"]


def test_a_gap_that_may_still_grow_stays():
    growing = a_gap(1000)
    JobState.objects.create(job="nightly", last_gap=growing)
    assert pruned().gaps == 0


def test_the_ledger_begins_after_what_went():
    JobState.objects.create(job="nightly", ledger_from=days_ago(400), ledger_through=NOON)
    JobState.objects.create(job="weekly", ledger_from=days_ago(400), ledger_through=NOON)
    a_run(scheduled_for=days_ago(40), finished_at=days_ago(40))
    a_run(scheduled_for=days_ago(29), finished_at=days_ago(29))
    a_gap(100)
    pruned()
    assert JobState.objects.get(job="nightly").ledger_from == days_ago(40)
    assert JobState.objects.get(job="weekly").ledger_from == days_ago(400)


def test_a_job_without_a_schedule_gets_no_ledger():
    JobState.objects.create(job="nightly")
    a_run(scheduled_for=days_ago(40), finished_at=days_ago(40))
    pruned()
    assert JobState.objects.get().ledger_from is None


def test_a_dry_run_counts_what_would_go_and_leaves_it():
    an_attempt(a_run(finished_at=days_ago(31)))
    a_gap(91)
    JobState.objects.create(job="nightly", ledger_from=days_ago(400), ledger_through=NOON)
    would_go = pruned(dry_run=True)
    assert Run.objects.count() == Gap.objects.count() == 1
    assert JobState.objects.get().ledger_from == days_ago(400)
    assert would_go == pruned() == Pruned(runs=1, attempts=1, gaps=1, events=0, interventions=0)


def test_an_empty_ledger_is_pruned_in_peace():
    assert pruned() == Pruned(runs=0, attempts=0, gaps=0, events=0, interventions=0)


def test_a_run_that_a_step_still_asks_for_stays(declared):
    """The other predecessor, or what that one waits for, is at work for a month now."""
    for name in ("left", "other"):
        declared(name, schedule="0 0 2 * * *")
    declared("right", after="other")
    declared("join", after=["left", "right"])
    needed, done = (a_run("left", scheduled_for=days_ago(days), finished_at=days_ago(days)) for days in (31, 32))
    at_work = a_run("other", "running", scheduled_for=days_ago(31))
    assert pruned().runs == 1
    assert what_is_left() == [needed, at_work]
    Run.objects.filter(pk=at_work.pk).update(status="succeeded", finished_at=NOON)
    assert pruned().runs == 1
    assert done not in what_is_left()
