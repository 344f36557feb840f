"""What a process executes: its slots, its shutdown, and claims of which it never heard."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.ledger import claims, states, timing, triggers
from jobs.models import Attempt, Run
from jobs.reading.explain import explain
from tests.helpers.rows import a_run

pytestmark = pytest.mark.usefixtures("the_next_run_is_fine")


def test_a_shutdown_interrupts_a_run_and_puts_it_back(running, worker):
    run, thread = running("sleeps", "60", retries=1)
    worker.shut_down(timedelta(0), timedelta(seconds=1))
    thread.join(10)
    worker.open_again()
    run.refresh_from_db()
    assert (run.status, run.failures) == (Status.QUEUED, 0)
    attempt = run.attempts.get()
    assert attempt.status == "interrupted"
    assert attempt.error == "The worker shut down under it: it may have done all or part of its work."
    assert attempt.error in explain(registry["zoo"]).text
    Run.objects.all().delete()


def test_a_shutdown_fails_a_run_that_must_not_be_started_twice(running, worker):
    run, thread = running("sleeps", "60", retries=1, interrupted="fail")
    worker.shut_down(timedelta(0), timedelta(seconds=1))
    thread.join(10)
    worker.open_again()
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.FAILED, 1)
    assert run.error == (
        "The worker shut down under it: it may have done all or part of its work. It isn't run again "
        "(interrupted='fail')."
    )


def test_a_shutdown_gives_a_run_the_chance_to_end(running, worker):
    run, thread = running("sleeps", "1.5")
    worker.shut_down(timedelta(seconds=10))
    thread.join(10)
    worker.open_again()
    run.refresh_from_db()
    assert run.status == Status.SUCCEEDED


def test_no_more_runs_than_slots(running, worker, settings, declared):
    settings.JOBS_MAX_RUNNING = 1
    running("sleeps", "1.5")
    declared("other", command="succeeds")
    second = triggers.request("other", requested_by="a test", ring=False)
    assert worker.execute(second.pk) is None
    second.refresh_from_db()
    assert second.status == Status.QUEUED


def test_a_run_without_a_slot_is_passed_on(running, worker, settings, declared, rings):
    settings.JOBS_MAX_RUNNING = 1
    running("sleeps", "1.5")
    declared("other", command="succeeds")
    second = triggers.request("other", requested_by="a test", ring=False)
    worker.execute(second.pk)
    assert rings == [(second.pk, timing.BUSY)]


def test_a_run_of_a_job_that_this_release_doesnt_know_stays_as_it_is(worker):
    run = a_run("succeeds", Status.QUEUED, not_before=states.clock())
    assert worker.execute(run.pk) is None
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.QUEUED, 0)


def test_a_claim_whose_acknowledgement_was_lost_is_given_back_and_done_again(worker, declared, monkeypatch):
    """The database went away between the commit and its answer: the row is claimed, and nothing was started for it."""
    declared("zoo", command="succeeds")
    run = triggers.request("zoo", requested_by="a test", ring=False)
    claim = claims.claim

    def claim_and_lose_the_answer(*arguments):
        claim(*arguments)
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(claims, "claim", claim_and_lose_the_answer)
        with pytest.raises(OperationalError):
            worker.execute(run.pk, invocation_id="first")
    assert Run.objects.get().status == Status.RUNNING
    assert worker.execute(run.pk, invocation_id="second") is Status.SUCCEEDED
    attempts = Attempt.objects.filter(run=run).order_by("number")
    assert [attempt.status for attempt in attempts] == ["interrupted", "succeeded"]
    run.refresh_from_db()
    assert run.failures == 0


def test_a_claim_that_was_not_committed_leaves_nothing_to_give_back(worker, declared, monkeypatch):
    declared("zoo", command="succeeds")
    run = triggers.request("zoo", requested_by="a test", ring=False)

    def fail(*_):
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(claims, "claim", fail)
        with pytest.raises(OperationalError):
            worker.execute(run.pk, invocation_id="first")
    assert worker.execute(run.pk, invocation_id="second") is Status.SUCCEEDED
    assert Attempt.objects.filter(run=run).count() == 1
