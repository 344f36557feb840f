"""A run is asked for, or its end is."""

from datetime import timedelta

import pytest

from jobs.choices import AttemptStatus, Status, Trigger
from jobs.declarations.parameters import InvalidArguments, UnknownCommand
from jobs.declarations.registry import UnknownJob
from jobs.ledger import attempts, claims, instance, states, triggers
from jobs.models import Run
from tests.helpers.rows import a_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("rung")]


def test_a_run_is_queued_and_rung_for(declared, rung):
    declared("nightly", "--word", "bread", command="succeeds")
    run = triggers.request("nightly", trigger=Trigger.API, requested_by="a program")
    assert (run.status, run.trigger, run.requested_by) == (Status.QUEUED, "api", "a program")
    assert (run.arguments, run.scheduled_for, run.start_by) == (["--word", "bread"], None, None)
    assert rung == [run.pk]


def test_who_executes_the_run_itself_rings_for_nobody(declared, rung):
    declared("nightly", command="succeeds")
    triggers.request("nightly", requested_by="ada", ring=False)
    assert rung == []


def test_other_arguments_take_the_place_of_the_declared_ones(declared):
    declared("nightly", "--word", "bread", command="succeeds")
    assert triggers.request("nightly", ["--word", "salt"], requested_by="ada").arguments == ["--word", "salt"]


def test_no_arguments_are_other_arguments_too(declared):
    declared("nightly", "--word", "bread", command="succeeds")
    assert triggers.request("nightly", [], requested_by="ada").arguments == []


def test_arguments_that_the_command_refuses_make_no_run(declared):
    declared("nightly", command="succeeds")
    with pytest.raises(InvalidArguments) as error:
        triggers.request("nightly", ["--wrod", "x"], requested_by="ada")
    assert str(error.value) == "unrecognized arguments: --wrod x"
    assert not Run.objects.exists()


def test_an_unknown_job_makes_no_run(declared):
    with pytest.raises(UnknownJob):
        triggers.request("nightly", requested_by="ada")


def test_arguments_for_an_unknown_command_make_no_run(declared):
    declared("nightly", command="sucseeds")
    with pytest.raises(UnknownCommand):
        triggers.request("nightly", ["x"], requested_by="ada")


def test_a_run_may_be_asked_for_later(declared):
    declared("nightly", command="succeeds")
    later = states.clock() + timedelta(hours=1)
    assert triggers.request("nightly", requested_by="ada", not_before=later).not_before == later


def test_a_request_that_collides_is_skipped_with_the_reason(declared, rung):
    declared("nightly", command="succeeds")
    other = a_run(status=Status.RUNNING)
    run = triggers.request("nightly", requested_by="ada")
    assert (run.status, run.reason, run.blocked_by) == (Status.SKIPPED, "overlap", other)
    assert run.error == f"Run {other.pk} of nightly was in its way (overlap='skip')."
    assert rung == []


def test_one_request_waits_and_the_next_is_skipped(declared):
    declared("nightly", command="succeeds", overlap="queue")
    a_run(status=Status.RUNNING)
    waiting, skipped = (triggers.request("nightly", requested_by="ada") for _ in range(2))
    assert (waiting.status, skipped.status, skipped.blocked_by) == (Status.QUEUED, Status.SKIPPED, waiting)


def test_requests_run_beside_each_other_up_to_a_number(declared):
    declared("nightly", command="succeeds", overlap="allow", max_running=2)
    found = [triggers.request("nightly", requested_by="ada").status for _ in range(3)]
    assert found == [Status.QUEUED, Status.QUEUED, Status.SKIPPED]


def test_a_request_replaces_what_runs_and_what_waits(declared):
    declared("nightly", command="succeeds", overlap="replace")
    running, waiting = a_run(status=Status.RUNNING), a_run(status=Status.QUEUED)
    run = triggers.request("nightly", requested_by="ada")
    running.refresh_from_db()
    waiting.refresh_from_db()
    assert (run.status, waiting.status) == (Status.QUEUED, Status.CANCELLED)
    assert running.cancel_requested_at is not None
    assert waiting.error == "Cancelled by the run that replaces it before it started."


def test_runs_for_later_keep_to_the_number_too(declared):
    declared("nightly", command="succeeds", overlap="allow", max_running=2)
    later = states.clock() + timedelta(hours=1)
    runs = [triggers.request("nightly", requested_by="ada", not_before=later).pk for _ in range(3)]
    Run.objects.update(not_before=states.clock())
    first, second, third = (claims.claim(run, instance.current()) for run in runs)
    assert first
    assert second
    assert third is None
    attempts.finish(first, attempts.Outcome(status=AttemptStatus.SUCCEEDED))
    assert claims.next_ready(4) == [runs[2]]


def test_who_waited_behind_a_cancelled_run_is_woken(declared, rung):
    declared("nightly", command="succeeds", overlap="queue")
    now = states.clock()
    first, second = (
        a_run(status=Status.QUEUED, scheduled_for=now - timedelta(hours=hours), exclusive=True, not_before=now)
        for hours in (2, 1)
    )
    triggers.cancel(first.pk, "ada")
    assert rung == [second.pk]


def test_what_has_ended_cant_be_cancelled():
    assert triggers.cancel(a_run().pk, "ada") is None
    assert triggers.cancel(10**9, "ada") is None
