"""The checker of tests/chaos finds what is planted, and nothing in a sound history."""

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from tests.chaos import checker
from tests.chaos.history import Attempt, Change, DayCount, Gap, History, Run, Stretch, Trouble
from tests.chaos.journal import Execution
from tests.chaos.zoo import job

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
JOBS = {
    each.name: each
    for each in (
        job("often", 1, "*/10 * * * * *"),
        job("step", 1, None, after=("often",)),
        job("asked", 1, None, timeout=5, grace=1),
    )
}


def at(seconds):
    return NOON + timedelta(seconds=seconds)


def executed(run, begin, end, job="often", attempt=1, exit_code=0, pid=None):
    pulses = [begin + tenth / 10 for tenth in range(round((end - begin) * 10) + 1)]
    return Execution(run=run, attempt=attempt, job=job, pid=pid or run, pulses=pulses, exit_code=exit_code)


@pytest.fixture
def history():
    """A minute of a job that is due each ten seconds: five runs with their steps, and a gap of one."""
    runs = [Run(id=number, job="often", scheduled_for=at(number * 10)) for number in range(1, 6)]
    steps = [Run(id=100 + run.id, job="step", scheduled_for=run.scheduled_for, chained_from=run.id) for run in runs]
    return History(
        runs=runs + steps,
        attempts=[Attempt(run=run.id, number=1, status="succeeded") for run in runs + steps],
        gaps=[Gap(id=1, job="often", fingerprint="*/10 * * * * * UTC", first=at(60), last=at(60), count=1)],
        changes=[
            Change(run=run.id, job=run.job, before=before, after=after)
            for run in runs + steps
            for before, after in (("", "queued"), ("queued", "running"), ("running", "succeeded"))
        ],
        stretches=[Stretch(job="often", fingerprint="*/10 * * * * * UTC", ledger_from=at(1), at=at(1))],
        through={"often": at(65)},
        now=at(66),
    )


@pytest.fixture
def journal(history):
    return [executed(run.id, run.id * 10.0, run.id * 10.0 + 2, run.job) for run in history.runs]


def kinds(history, journal):
    return [violation.kind for violation in checker.check(history, journal, JOBS).violations]


def test_a_sound_history_has_no_violation(history, journal):
    findings = checker.check(history, journal, JOBS)
    assert findings.violations == []
    assert findings.counts["occurrences due"] == 6
    assert findings.counts["successes compared with the journal"] == 10


def test_two_runs_of_one_occurrence_are_found(history, journal):
    history.runs.append(replace(history.runs[0], id=9))
    history.changes += [replace(change, run=9) for change in history.changes if change.run == 1]
    journal.append(executed(9, 200, 202))
    assert "occurrence twice" in kinds(history, journal)


def test_an_occurrence_in_a_run_and_in_a_gap_is_found(history, journal):
    history.gaps.append(replace(history.gaps[0], id=2, first=at(50), last=at(50)))
    assert kinds(history, journal) == ["occurrence twice"]


def test_a_lost_occurrence_is_found(history, journal):
    history.gaps.clear()
    assert kinds(history, journal) == ["occurrence lost"]


def test_what_was_due_under_the_old_schedule_is_missed_when_an_edit_drops_it(history, journal):
    history.stretches.append(Stretch(job="often", fingerprint="*/15 * * * * * UTC", ledger_from=at(85), at=at(85)))
    history.through["often"] = at(86)
    violations = checker.check(history, journal, JOBS).violations
    assert [str(violation) for violation in violations] == [
        "occurrence lost: often, 2 from 12:01:10 to 12:01:20, due by '*/10 * * * * * UTC': no run, no gap"
    ]


def test_an_invented_occurrence_is_found(history, journal):
    history.gaps.append(replace(history.gaps[0], id=2, fingerprint="*/7 * * * * * UTC", first=at(7), last=at(7)))
    assert kinds(history, journal) == ["occurrence invented"]


def test_a_gap_that_is_miscounted_is_found(history, journal):
    history.gaps[0] = replace(history.gaps[0], count=2)
    assert kinds(history, journal) == ["gap miscounted"]


def test_a_ledger_that_begins_in_the_future_is_found(history, journal):
    history.stretches.append(Stretch(job="step", fingerprint="0 0 * * * * UTC", ledger_from=at(300), at=at(0)))
    assert "ledger begins in the future" in kinds(history, journal)


@pytest.mark.parametrize(("before", "found"), [(at(50), False), (None, True)])
def test_an_override_may_end_within_what_a_clock_ahead_settles_but_nothing_begins_there(
    history, journal, before, found
):
    """The timer of at(70) fires ten seconds early; from at(62) on the declaration holds again."""
    declared = Stretch(
        job="often",
        fingerprint="*/10 * * * * * UTC",
        ledger_from=at(62),
        at=at(60),
        ledger_through=at(70),
        through_before=before,
    )
    history.stretches.append(declared)
    assert ("ledger begins in the future" in kinds(history, journal)) is found


def test_runs_at_once_are_found(history, journal):
    journal[1] = executed(2, 11.5, 14)
    violations = checker.check(history, journal, JOBS).violations
    assert [violation.runs for violation in violations] == [(1, 2)]
    assert violations[0].kind == "executed at once"


def test_an_overlap_in_the_instant_of_waking_is_none(history, journal):
    journal[0].pulses += [45.0, 45.2]  # frozen from 12 to 45, and killed then
    journal[0].exit_code = None
    history.runs[0] = replace(history.runs[0], status="lost")
    history.runs[5] = replace(history.runs[5], status="skipped", attempt=0)
    history.changes = []
    journal.pop(5)
    assert kinds(history, journal) == []


def test_an_overlap_of_one_that_works_on_after_it_woke_is_found(history, journal):
    journal[0].pulses += [38 + tenth / 10 for tenth in range(60)]
    assert "executed at once" in kinds(history, journal)


def test_an_attempt_that_is_executed_twice_is_found(history, journal):
    journal.append(executed(1, 100, 101, pid=4711))
    assert kinds(history, journal) == ["attempt executed twice"]


def test_a_success_that_the_journal_does_not_know_is_found(history, journal):
    journal[0].exit_code = None
    assert kinds(history, journal) == ["success without an end"]


def test_work_after_the_end_of_an_attempt_is_found(history, journal):
    history.attempts[0] = replace(history.attempts[0], finished_at=at(10))
    history.wall = NOON.timestamp()
    assert kinds(history, journal) == ["at work after its end"]


def test_an_edge_that_is_not_declared_is_found(history, journal):
    history.changes.append(Change(run=1, job="often", before="succeeded", after="lost"))
    history.runs[0] = replace(history.runs[0], status="lost")
    assert "edge that isn't declared" in kinds(history, journal)


def test_a_lost_step_is_found(history, journal):
    history.runs = [run for run in history.runs if run.id != 103]
    assert kinds(history, journal) == ["step lost"]


def test_one_retry_too_many_is_found(history, journal):
    history.attempts += [Attempt(run=1, number=number, status="failed") for number in (2, 3)]
    assert kinds(history, journal) == ["retried too often"]


@pytest.fixture
def long_run(history, journal):
    """One that was asked for, and worked for 12 s in spite of its timeout of 5 s."""
    history.runs.append(Run(id=9, job="asked", status="timed_out"))
    history.changes.append(Change(run=9, job="asked", before="", after="queued"))
    history.changes.append(Change(run=9, job="asked", before="running", after="timed_out"))
    journal.append(replace(executed(9, 100, 112, "asked"), host="host-1"))


@pytest.mark.usefixtures("long_run")
def test_a_timeout_that_is_not_kept_is_found(history, journal):
    assert kinds(history, journal) == ["timeout not kept"]


@pytest.mark.usefixtures("long_run")
def test_a_frozen_worker_keeps_no_timeout(history, journal):
    history.troubles.append(Trouble(name="freeze a host's worker", on="host-1", begin=101, end=111))
    assert kinds(history, journal) == []


def test_a_run_that_fails_as_unknown_while_a_host_that_can_be_heard_knows_it_is_found(history, journal):
    error = "No job is declared as 'asked' in this release."
    history.runs.append(Run(id=9, job="asked", status="failed", error=error, finished_at=at(20)))
    history.changes.append(Change(run=9, job="asked", before="running", after="failed"))
    history.wall = NOON.timestamp()
    assert kinds(history, journal) == []
    history.up[2] = [("host-1", -20, 30)]
    assert kinds(history, journal) == ["failed as unknown"]
    history.troubles.append(Trouble(name="cut a host off", on="host-1", begin=-15, end=25))
    assert kinds(history, journal) == []


def test_a_run_that_no_one_asked_for_is_found(history, journal):
    history.runs.append(Run(id=9, job="asked", status="failed", requested_by="a manual call of the function"))
    history.changes.append(Change(run=9, job="asked", before="", after="queued"))
    assert "run that nobody asked for" in kinds(history, journal)


def test_a_forgotten_run_is_found(history, journal):
    history.runs.append(Run(id=9, job="asked", status="queued", attempt=0, not_before=at(-60)))
    history.changes.append(Change(run=9, job="asked", before="", after="queued"))
    assert kinds(history, journal) == ["run forgotten"]


def test_an_event_for_each_call_is_found(history, journal):
    history.events["ambiguous_call", "often"] = 30
    assert kinds(history, journal) == ["events without end"]


def test_an_end_or_a_gap_that_is_counted_twice_or_not_at_all_is_found(history, journal):
    history.runs = [replace(run, finished_at=at(61)) for run in history.runs]
    sound = Counter(
        {
            DayCount("often", NOON.date(), "schedule", "succeeded"): 5,
            DayCount("step", NOON.date(), "schedule", "succeeded"): 5,
            DayCount("often", NOON.date(), "schedule", "overlap"): 1,
        }
    )
    history.days = sound
    assert "day counted wrong" not in kinds(history, journal)
    for key in sound:
        for number in (0, sound[key] + 1):
            history.days = Counter({**sound, key: number})
            assert kinds(history, journal).count("day counted wrong") == 1
