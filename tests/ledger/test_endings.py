# mypy: disable-error-code="union-attr, operator"
"""Every change of a run's status: one conditional statement, whose number of rows is the answer."""

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from jobs import Retry
from jobs.choices import EDGES, ENDED, AttemptStatus, Reason, Status
from jobs.ledger import claims, endings, states, timing
from jobs.ledger.endings import Outcome, Ring
from jobs.models import Attempt, Run
from tests.helpers.rows import HERE, a_claimed_run, a_queued_run, a_run, settled_ticks

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def status_of(run):
    run.refresh_from_db()
    return run.status


def finish(claim, status=AttemptStatus.SUCCEEDED, **facts):
    return endings.finish(claim, Outcome(status=status, **facts))


# The edges


EVENTS = {
    "claim": (lambda run: claims.claim(run.pk, HERE), {Status.QUEUED: Status.RUNNING}),
    "cancel": (
        lambda run: endings.cancel(run.pk, "ada"),
        {Status.QUEUED: Status.CANCELLED, Status.RUNNING: Status.RUNNING},
    ),
    "skip": (
        lambda run: endings.end_unstarted(run.pk, Status.SKIPPED, Reason.OVERLAP, "no"),
        {Status.QUEUED: Status.SKIPPED},
    ),
    "miss": (
        lambda run: endings.end_unstarted(run.pk, Status.MISSED, Reason.TOO_LATE, "no"),
        {Status.QUEUED: Status.MISSED},
    ),
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
    assert endings.finish(claim, nothing_done).status is Status.QUEUED


def test_an_end_whose_answer_was_lost_is_found_again(declared):
    declared("nightly")
    _, claim = a_claimed_run()
    succeeded = Outcome(status=AttemptStatus.SUCCEEDED)
    assert endings.already_finished(claim, succeeded) is None
    endings.finish(claim, succeeded)
    assert endings.already_finished(claim, succeeded).status is Status.SUCCEEDED
    assert endings.already_finished(claim, Outcome(status=AttemptStatus.LOST)) is None


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


# Cancellations


def test_a_queued_run_is_cancelled_at_once():
    run = a_queued_run()
    assert endings.cancel(run.pk, "ada") is Status.CANCELLED
    assert status_of(run) == Status.CANCELLED
    assert (run.error, run.cancelled_by) == ("Cancelled by ada before it started.", "ada")


def test_a_running_run_is_told_to_end():
    run, claim = a_claimed_run()
    assert endings.cancel(run.pk, "ada") is Status.RUNNING
    assert endings.cancel_requested([run.pk]) == [run.pk]
    assert endings.renew_leases([(run.pk, claim.attempt)]) == {(run.pk, 1): True}


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


# Deadlines and leases


def test_a_run_that_nobody_took_up_in_time_is_missed():
    now = states.clock()
    overdue, waiting, endless = (
        a_queued_run(job, start_by=by) for job, by in (("a", now - HOUR), ("b", now + HOUR), ("c", None))
    )
    retried = a_queued_run("d", start_by=now - HOUR, attempt=1)
    assert endings.miss_overdue() == 1
    assert status_of(overdue) == Status.MISSED
    assert (overdue.reason, overdue.error) == ("too_late", "Nobody took it up before its start deadline.")
    assert {status_of(run) for run in (waiting, endless, retried)} == {Status.QUEUED}


def test_a_lease_is_renewed_for_who_holds_it():
    run, claim = a_claimed_run()
    Run.objects.update(lease_expires_at=states.clock())
    assert endings.renew_leases([(run.pk, claim.attempt)]) == {(run.pk, 1): False}
    run.refresh_from_db()
    assert abs(run.lease_expires_at - states.clock() - timing.LEASE) < timedelta(seconds=5)
    assert endings.renew_leases([(run.pk, claim.attempt + 1)]) == {}


@pytest.mark.django_db(transaction=True)
def test_a_row_that_another_session_has_locked_keeps_no_other_lease_waiting(locked):
    (run, claim), (other, claim_of_other) = a_claimed_run("a"), a_claimed_run("b")
    keys = [(run.pk, claim.attempt), (other.pk, claim_of_other.attempt)]
    with locked("SELECT FROM nightshift_run WHERE id = %s FOR UPDATE", run.pk):
        assert endings.renew_leases(keys) == {(other.pk, 1): False}
        assert endings.still_ours(keys) == set(keys)


@pytest.mark.django_db(transaction=True)
def test_a_job_that_cant_be_locked_keeps_no_other_from_being_missed(locked, declared, caplog, monkeypatch):
    monkeypatch.setattr(timing, "LOCK_WAIT", timedelta(seconds=0.2))
    runs = [a_queued_run(job, start_by=states.clock() - HOUR) for job in ("a", "a", "b")]
    with locked("SELECT FROM nightshift_run WHERE job = %s FOR UPDATE", "a"):
        assert endings.miss_overdue() == 1
    assert [status_of(run) for run in runs] == [Status.QUEUED, Status.QUEUED, Status.MISSED]
    assert caplog.text.count("job=a: its runs can't be ended now, the next tick tries again.") == 1
    assert endings.miss_overdue() == 2


def test_a_run_whose_lease_ran_out_is_lost(declared):
    declared("nightly")
    run, _ = a_claimed_run()
    settled_ticks()
    assert claims.with_expired_leases() == []
    Run.objects.update(lease_expires_at=states.clock() - HOUR)
    expired = claims.with_expired_leases()
    assert endings.declare_lost(expired, "gone") == []
    assert (status_of(run), run.error, run.attempts.get().status) == (Status.LOST, "gone", "lost")


def test_a_lease_that_was_renewed_meanwhile_holds(declared):
    declared("nightly")
    run, claim = a_claimed_run()
    Run.objects.update(lease_expires_at=states.clock() - HOUR)
    settled_ticks()
    expired = claims.with_expired_leases()
    endings.renew_leases([(run.pk, claim.attempt)])
    endings.declare_lost(expired, "gone")
    assert status_of(run) == Status.RUNNING


def test_a_lost_run_is_tried_again_where_its_job_says_so(declared):
    declared("nightly", retries=1)
    run, _ = a_claimed_run()
    Run.objects.update(lease_expires_at=states.clock() - HOUR)
    settled_ticks()
    [ring] = endings.declare_lost(claims.with_expired_leases(), "gone")
    assert (ring.run_id, status_of(run)) == (run.pk, Status.QUEUED)


def test_progress_is_written_by_who_holds_the_attempt():
    run, claim = a_claimed_run()
    endings.write_progress([(run.pk, claim.attempt, {"done": 1}), (run.pk, claim.attempt + 1, {"done": 2})])
    run.refresh_from_db()
    assert run.progress == {"done": 1}


# Doorbells


def test_forgotten_runs_are_rung_for_once_in_a_while():
    now = states.clock()
    forgotten = a_queued_run("a", not_before=now - HOUR)
    a_queued_run("b")
    a_queued_run("c", not_before=now + HOUR)
    assert endings.forgotten() == [forgotten.pk]
    assert endings.forgotten() == []
    Run.objects.update(rung_at=now - HOUR)
    assert endings.forgotten() == [forgotten.pk]


@pytest.mark.parametrize(
    "condition",
    [
        "status = 'queued' AND not_before <= now()",
        "status = 'running' AND lease_expires_at < now()",
        "status IN ('queued', 'running') AND job = ANY('{job_1}')",
        "job = 'job_1' AND scheduled_for = now()",
    ],
)
def test_what_is_asked_all_the_time_reads_no_old_runs(condition):
    Run.objects.bulk_create(
        Run(job=f"job_{number % 50}", status="succeeded", finished_at=states.clock(), trigger="manual")
        for number in range(3000)
    )
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE nightshift_run")
        cursor.execute(f"EXPLAIN SELECT id FROM nightshift_run WHERE {condition}")
        assert "Seq Scan" not in "\n".join(line for (line,) in cursor.fetchall())
