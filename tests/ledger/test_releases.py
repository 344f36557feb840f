"""Two releases at work on one ledger: the one deployed last is in charge."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs import declare
from jobs.choices import AttemptStatus, Status
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.execution.worker import this_worker
from jobs.ledger import attempts, claims, instance, releases, states, timing
from jobs.ledger.attempts import Outcome
from jobs.ledger.instance import Instance
from jobs.ledger.settle import settle
from jobs.models import Event, JobState, Release, Run
from tests.helpers.rows import HERE, a_claimed_run, a_queued_run

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)
DUE = datetime(2026, 3, 14, 2, tzinfo=UTC)


@pytest.fixture
def process(declared, monkeypatch):
    """Makes this process one of a release, whose jobs are given by name with their rules; or of a former one again."""
    known = {}

    def be(name, starts=True, **jobs):
        known[name] = jobs = jobs or known[name]
        registry.clear()
        for job, rules in jobs.items():
            declare(job, command="succeeds", **rules)
        assert not registry.problems
        monkeypatch.setattr(instance, "current", lambda: Instance(name="here", supervisor="", release=name))
        if starts:
            releases.here.forget()
            releases.here.see()

    return be


def silent(name, ago=10 * MINUTE):
    """The release hasn't been at work for so long."""
    Release.objects.filter(name=name).update(last_seen_at=states.clock() - ago)


def in_charge():
    release = releases.in_charge()
    return release.name if release else None


DAILY, HOURLY = {"schedule": "0 0 2 * * *"}, {"schedule": "0 0 * * * *"}


def test_the_release_deployed_last_is_in_charge(process):
    process("1", nightly=DAILY)
    process("2", nightly=HOURLY)
    assert in_charge() is None
    process("1", starts=False)
    assert in_charge() == "2"


def test_a_process_that_restarts_beside_others_of_its_release_changes_nothing(process):
    process("1", nightly=DAILY)
    process("2", nightly=HOURLY)
    process("1")
    assert in_charge() == "2"


def test_a_process_that_starts_where_none_of_its_release_was_at_work_is_a_rollback(process):
    process("1", nightly=DAILY)
    process("2", nightly=HOURLY)
    silent("1")
    process("1")
    assert in_charge() is None
    process("2", starts=False)
    assert in_charge() == "1"


def test_a_release_that_is_no_longer_at_work_is_in_charge_of_nothing(process):
    process("1", nightly=DAILY)
    process("2", nightly=HOURLY)
    silent("2")
    process("1", starts=False)
    assert in_charge() is None


def test_a_deployment_while_the_databases_clock_was_ahead_is_not_in_charge_for_ever(process):
    process("1", nightly=DAILY)
    Release.objects.update(deployed_at=states.clock() + 50000 * MINUTE, last_seen_at=states.clock() + 50000 * MINUTE)
    process("2", nightly=HOURLY)
    assert in_charge() is None
    process("1")
    assert in_charge() is None


def test_other_settings_make_another_release_of_the_same_code(process, monkeypatch):
    process("", nightly=DAILY)
    monkeypatch.setenv("JOBS_SCHEDULE__NIGHTLY", "0 30 2 * * *")
    process("")
    assert Release.objects.count() == 2


def test_an_event_reports_a_release_that_takes_over(process):
    process("1", nightly=DAILY, gone=DAILY, same=DAILY)
    process("2", nightly=HOURLY, new=DAILY, same=DAILY)
    process("2")
    assert Event.objects.get().message == (
        "Release 2 is in charge from now on, beside 1: 1 job changed, 1 new, 1 gone."
    )


def test_the_former_release_serves_only_what_both_declare_alike(process):
    process("1", nightly=DAILY, gone=DAILY, same=DAILY)
    settle(registry.scheduled(), DUE - MINUTE)
    process("2", nightly=DAILY | {"overlap": "queue"}, same=DAILY)
    process("1", starts=False)
    assert [run.job for run in settle(registry.scheduled(), DUE).runs] == ["same"]
    process("2", starts=False)
    assert [run.job for run in settle(registry.scheduled(), DUE).runs] == ["nightly"]


def test_two_releases_by_turns_change_a_schedule_once(process):
    process("1", nightly=DAILY)
    settle(registry.scheduled())
    process("2", nightly=HOURLY)
    for name in "212121":
        process(name, starts=False)
        settle(registry.scheduled())
        tick.here.forget()
        tick.tick()
    assert Event.objects.filter(kind="schedule_changed").count() == 1
    assert JobState.objects.get(pk="nightly").fingerprint == "0 0 * * * * UTC"


def end(claim, status=AttemptStatus.SUCCEEDED):
    return attempts.finish(claim, Outcome(status=status))


def test_the_former_release_lets_the_steps_of_the_newer_one_follow(process):
    process("1", fetch=DAILY, former_step={"after": "fetch"})
    process("2", fetch=DAILY, step={"after": "fetch", "overlap": "allow"}, last={"after": "step"})
    process("1", starts=False)
    _, claim = a_claimed_run("fetch", scheduled_for=DUE)
    [ring] = end(claim).rings
    run = Run.objects.get(pk=ring.run_id)
    assert (run.job, run.exclusive, run.scheduled_for) == ("step", False, DUE)
    assert not Run.objects.filter(job="former_step").exists()
    _, claim = a_claimed_run("fetch", scheduled_for=DUE + MINUTE)
    end(claim, AttemptStatus.FAILED)
    assert list(Run.objects.filter(status=Status.SKIPPED).order_by("id").values_list("job", flat=True)) == [
        "step",
        "last",
    ]


def test_the_former_release_tries_a_lost_run_again_by_the_newer_ones_rules(process):
    process("1", fetch=DAILY)
    process("2", fetch=DAILY, new={"retries": 1})
    process("1", starts=False)
    _, claim = a_claimed_run("new")
    assert end(claim, AttemptStatus.LOST).status == Status.QUEUED


def test_a_run_that_only_another_release_knows_is_passed_on_to_it(process, rings):
    process("1", fetch=DAILY)
    process("2", fetch=DAILY, new=DAILY)
    process("1", starts=False)
    run = a_queued_run("new")
    assert this_worker.execute(run.pk) is None
    assert rings == [(run.pk, timing.BUSY)]
    assert claims.next_ready(4) == []
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.QUEUED, 0)


def test_a_run_that_nobody_knows_is_rung_for_by_nobody(process, rings):
    process("1", fetch=DAILY)
    this_worker.execute(a_queued_run("removed").pk)
    assert rings == []


def test_a_run_waits_for_as_long_as_a_release_that_knows_its_job_may_come_back(process, rings):
    process("2", new=DAILY)
    process("1", fetch=DAILY)
    run = a_queued_run("new", not_before=states.clock() - 16 * MINUTE)
    silent("2", 14 * MINUTE)
    tick.tick()
    run.refresh_from_db()
    assert run.status == Status.QUEUED
    silent("2", 16 * MINUTE)
    tick.tick()
    run.refresh_from_db()
    assert (run.status, run.error) == (
        Status.FAILED,
        "No job is declared as 'new' by any release at work in the last 15 min: nothing was started. "
        "Declare it again, or start its successor.",
    )
    assert run.attempts.get().status == AttemptStatus.FAILED


def test_a_fresh_run_of_an_unknown_job_waits(process, rings):
    process("1", fetch=DAILY)
    run = a_queued_run("removed", not_before=states.clock() - 14 * MINUTE)
    tick.tick()
    run.refresh_from_db()
    assert run.status == Status.QUEUED


def test_the_steps_after_an_unknown_job_hear_of_its_end(process, rings):
    process("1", fetch=DAILY, step={"after": ["fetch"]})
    registry.add(Job(name="step", command="succeeds", after=("removed",)))
    run = a_queued_run("removed", not_before=states.clock() - HOURS, scheduled_for=DUE, concurrency_group="table")
    a_claimed_run("fetch", concurrency_group="table")
    tick.tick()
    run.refresh_from_db()
    assert run.status == Status.FAILED, "a full group is in nobody's way who starts nothing"
    assert Run.objects.get(job="step").reason == "predecessor"


HOURS = timedelta(hours=2)


def test_a_process_of_no_release_serves_what_the_one_in_charge_declares_alike(process, monkeypatch):
    """An operator's shell has none of the app's settings, and isn't called by the host."""
    process("1", nightly=DAILY, same=DAILY)
    settle(registry.scheduled(), DUE - MINUTE)
    process("", starts=False, nightly=HOURLY, same=DAILY)
    assert [run.job for run in settle(registry.scheduled(), DUE).runs] == ["same"]
    assert claims.claim(a_queued_run("nightly").pk, HERE)
