"""Every change of a run's status: one conditional statement, whose number of rows is the answer."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, transaction

from jobs import Retry
from jobs.choices import EDGES, ENDED, AttemptStatus, Status
from jobs.ledger import attempts, cancellation, claims, endings, leases, poison, states, triggers
from jobs.ledger.attempts import Outcome
from jobs.ledger.doorbell import Ring
from jobs.models import Attempt, Run
from tests.helpers.rows import HERE, a_claimed_run, a_queued_run, a_run, status_of

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def finish(claim, status=AttemptStatus.SUCCEEDED, **facts):
    return attempts.finish(claim, Outcome(status=status, **facts))


# The edges


EVENTS = {
    "claim": (lambda run: claims.claim(run.pk, HERE), {Status.QUEUED: Status.RUNNING}),
    "cancel": (
        lambda run: endings.cancel(run.pk, "ada"),
        {Status.QUEUED: Status.CANCELLED, Status.RUNNING: Status.RUNNING},
    ),
    "miss": (lambda run: endings.miss(run.pk, run.job, "no"), {Status.QUEUED: Status.MISSED}),
} | {
    f"finish as {status}": (
        lambda run, status=status: finish(_claim_of(run), status),
        {Status.RUNNING: Status.QUEUED if status is AttemptStatus.INTERRUPTED else Status(status)},
    )
    for status in AttemptStatus
    if status is not AttemptStatus.RUNNING
}


def _claim_of(run):
    attempt, _ = Attempt.objects.get_or_create(run=run, number=max(run.attempt, 1))
    return claims.Claim(
        run_id=run.pk,
        attempt_id=attempt.pk,
        attempt=attempt.number,
        job=run.job,
        trigger=run.trigger,
        scheduled_for=None,
        arguments=[],
        failures=0,
    )


@pytest.mark.parametrize("event", EVENTS)
@pytest.mark.parametrize("status", list(Status))
def test_a_status_changes_along_its_edges_only(declared, event, status):
    declared("nightly")
    change, edges = EVENTS[event]
    run = a_run(status=status, **({"not_before": states.clock()} if status is Status.QUEUED else {}))
    answer = change(run)
    assert status_of(run) == edges.get(status, status)
    assert bool(answer) == (status in edges)
    assert edges.get(status, status) in EDGES.get(status, frozenset()) | {status}


def test_every_declared_edge_is_gone_by_some_change():
    gone = {(start, end) for _, edges in EVENTS.values() for start, end in edges.items() if start != end}
    assert gone == {(start, end) for start, ends in EDGES.items() for end in ends}
    assert not set(EDGES) & ENDED


@pytest.mark.parametrize("status", ["paused", ""])
def test_the_database_knows_no_other_status(status):
    run = a_run()
    with pytest.raises(IntegrityError, match="check constraint"), transaction.atomic():
        Run.objects.filter(pk=run.pk).update(status=status)


# Ends


def test_an_end_keeps_the_receipt(declared):
    declared("nightly")
    run, claim = a_claimed_run()
    ended = finish(
        claim,
        exit_code=0,
        result={"imported": 3},
        progress={"done": 3},
        wall=timedelta(seconds=2),
        cpu=timedelta(seconds=1),
        peak_memory=2**33,
        sql_statements=5,
        output_bytes=10,
        output_dropped=2,
    )
    run.refresh_from_db()
    attempt = run.attempts.get()
    assert (ended.status, ended.rings) == (Status.SUCCEEDED, [])
    assert (run.result, run.progress, run.lease_expires_at) == ({"imported": 3}, {"done": 3}, None)
    assert (attempt.status, attempt.exit_code, attempt.peak_memory, attempt.sql_statements) == (
        "succeeded",
        0,
        2**33,
        5,
    )
    assert (attempt.wall, attempt.cpu, attempt.output_bytes) == (timedelta(seconds=2), timedelta(seconds=1), 10)


def test_who_lost_the_attempt_changes_nothing(declared):
    declared("nightly")
    run, claim = a_claimed_run()
    finish(claim, AttemptStatus.INTERRUPTED)
    again = claims.claim(run.pk, HERE)
    assert finish(claim, AttemptStatus.FAILED, error="mine") is None
    assert status_of(run) == Status.RUNNING
    assert [(attempt.number, attempt.status) for attempt in run.attempts.order_by("number")] == [
        (1, "interrupted"),
        (2, "running"),
    ]
    assert finish(again).status is Status.SUCCEEDED


def test_an_interruption_before_the_command_began_fails_no_run(declared):
    declared("nightly", interrupted="fail")
    _, claim = a_claimed_run()
    nothing_done = Outcome(status=AttemptStatus.INTERRUPTED, begun=False)
    assert attempts.finish(claim, nothing_done).status is Status.QUEUED


def test_an_end_whose_answer_was_lost_is_found_again(declared):
    declared("nightly")
    _, claim = a_claimed_run()
    succeeded = Outcome(status=AttemptStatus.SUCCEEDED)
    assert attempts.already_finished(claim, succeeded) is None
    attempts.finish(claim, succeeded)
    assert attempts.already_finished(claim, succeeded).status is Status.SUCCEEDED
    assert attempts.already_finished(claim, Outcome(status=AttemptStatus.LOST)) is None


# Retries


@pytest.mark.parametrize("status", [AttemptStatus.FAILED, AttemptStatus.TIMED_OUT, AttemptStatus.LOST])
def test_a_failed_attempt_is_tried_again_after_a_delay(declared, status):
    declared("nightly", retry=Retry(times=1, delay=timedelta(minutes=1), jitter=0))
    run, claim = a_claimed_run()
    ended = finish(claim, status, error="no")
    run.refresh_from_db()
    assert ended.status is Status.QUEUED
    assert ended.rings == [Ring(run_id=run.pk, delay=timedelta(minutes=1))]
    assert (run.failures, run.error, run.finished_at) == (1, "no", None)
    assert abs(run.not_before - states.clock() - timedelta(minutes=1)) < timedelta(seconds=5)


def test_the_delay_grows_and_the_last_failure_is_the_end(declared):
    declared("nightly", retry=Retry(times=2, delay=timedelta(minutes=1), jitter=0))
    run = a_queued_run()
    delays = []
    for _ in range(3):
        Run.objects.filter(pk=run.pk).update(not_before=states.clock())
        ended = finish(claims.claim(run.pk, HERE), AttemptStatus.FAILED, error="no")
        delays += [ring.delay for ring in ended.rings]
    assert delays == [timedelta(minutes=1), timedelta(minutes=2)]
    assert status_of(run) == Status.FAILED
    assert (run.attempt, run.failures) == (3, 3)


def test_only_the_declared_ends_are_tried_again(declared):
    declared("nightly", retry=Retry(times=5, on="timed_out"))
    _, claim = a_claimed_run()
    assert finish(claim, AttemptStatus.FAILED).status is Status.FAILED


def test_an_interruption_spends_no_retry_and_waits_for_nothing(declared):
    declared("nightly", retries=1)
    run, claim = a_claimed_run()
    ended = finish(claim, AttemptStatus.INTERRUPTED)
    assert ended.rings == [Ring(run_id=run.pk)]
    assert (status_of(run), run.failures) == (Status.QUEUED, 0)
    assert claims.claim(run.pk, HERE).attempt == 2


def test_what_was_cancelled_is_not_tried_again(declared):
    declared("nightly", retries=5)
    run, claim = a_claimed_run()
    assert endings.cancel(run.pk, "ada") is Status.RUNNING
    ended = finish(claim, AttemptStatus.FAILED, error="no")
    assert (ended.status, ended.rings) == (Status.CANCELLED, [])
    assert status_of(run) == Status.CANCELLED
    assert run.finished_at is not None


def test_a_run_of_a_job_that_is_declared_no_more_ends_without_a_retry():
    _, claim = a_claimed_run("gone")
    assert finish(claim, AttemptStatus.FAILED).status is Status.FAILED


# One end


def _once_claimed(run, status):
    finish(claims.claim(run.pk, HERE), status)


CAUSES = {
    "it succeeds": (lambda run: _once_claimed(run, AttemptStatus.SUCCEEDED), "succeeded"),
    "it fails": (lambda run: _once_claimed(run, AttemptStatus.FAILED), "failed"),
    "it is lost": (lambda run: _lose(claims.claim(run.pk, HERE)), "lost"),
    "it is cancelled": (lambda run: endings.cancel(run.pk, "ada"), "cancelled"),
    "it is too late": (lambda run: endings.miss(run.pk, run.job, "no"), "missed"),
    "its message is given up": (lambda run: poison.take(str(run.pk)), "failed"),
    "it is replaced": (lambda run: triggers.request(run.job, requested_by="ada", ring=False), "cancelled"),
}


def _lose(claim):
    leases.declare_lost([claim], "gone", only_if_lease_expired=False)


@pytest.fixture
def ended(monkeypatch):
    """The runs whose ends are counted, with their statuses."""
    counted = []
    has_ended = endings.has_ended

    def count(run, pipeline):
        counted.append((run.run_id, run.status))
        return has_ended(run, pipeline)

    monkeypatch.setattr(endings, "has_ended", count)
    return counted


@pytest.mark.parametrize("cause", CAUSES)
def test_every_end_passes_one_place_once_and_its_steps_with_it(declared, ended, cause):
    declared("nightly", command="succeeds", overlap="replace")
    declared("step", command="succeeds", after="nightly")
    declared("last", command="succeeds", after="step")
    change, status = CAUSES[cause]
    run = a_queued_run(not_before=states.clock())
    change(run)
    assert (run.pk, status) in ended
    assert sorted(ended) == sorted(Run.objects.filter(status__in=ENDED).values_list("pk", "status"))
    assert Run.objects.filter(job="step").exists()


# Cancellations


def test_a_queued_run_is_cancelled_at_once():
    run = a_queued_run()
    assert endings.cancel(run.pk, "ada") is Status.CANCELLED
    assert status_of(run) == Status.CANCELLED
    assert (run.error, run.cancelled_by) == ("Cancelled by ada before it started.", "ada")


def test_a_running_run_is_asked_to_end():
    run, claim = a_claimed_run()
    assert endings.cancel(run.pk, "ada") is Status.RUNNING
    assert cancellation.requested([run.pk]) == [run.pk]
    assert leases.renew([(run.pk, claim.attempt)]) == {(run.pk, 1): True}


def test_who_cancelled_first_is_kept():
    run, _ = a_claimed_run()
    endings.cancel(run.pk, "ada")
    endings.cancel(run.pk, "bob")
    run.refresh_from_db()
    assert run.cancelled_by == "ada"


def test_a_run_that_succeeded_all_the_same_has_succeeded(declared):
    declared("nightly")
    run, claim = a_claimed_run()
    endings.cancel(run.pk, "ada")
    assert finish(claim).status is Status.SUCCEEDED
