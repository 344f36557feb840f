"""How attempts and runs end, and all other changes of a run's status but its start.

Each is one conditional statement, whose number of rows is the answer.

Moments are the database's, since supervisors' own clocks may disagree about a lease. What a change brings with it (a
pipeline's next steps) is written in the same transaction, and doorbells are rung by the caller once it is committed.
"""

import json
import logging
import random
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from jobs import telemetry
from jobs.choices import AttemptStatus, Interrupted, Reason, Status
from jobs.declarations import bounds
from jobs.ledger import cancellation, claims, instance, pipelines, releases, sql
from jobs.ledger.claims import Claim
from jobs.ledger.doorbell import Ring
from jobs.ledger.failpoints import point
from jobs.ledger.pipelines import Pipeline
from jobs.ledger.sessions import ledger_transaction

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Outcome:
    """How an attempt ended, as its supervisor saw it. `result` is what JSON can carry, `peak_memory` is in bytes."""

    status: AttemptStatus
    exit_code: int | None = None
    signal: str = ""
    error: str = ""
    result: Any = None
    progress: dict[str, Any] | None = None
    wall: timedelta | None = None
    cpu: timedelta | None = None
    peak_memory: int | None = None
    sql_statements: int | None = None
    output_bytes: int = 0
    output_dropped: int = 0
    begun: bool = True  # whether the command was started


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What became of the run when its attempt ended, and whom to wake."""

    status: Status
    rings: list[Ring] = field(default_factory=list)


def finish(claim: Claim, outcome: Outcome, *, only_if: str = "") -> Ended | None:
    """Record how the attempt ended. None where it is no longer ours: then nothing was changed.

    The run ends with it, or returns to the queue: for a retry, or because a shutdown interrupted the attempt.
    """
    status, delay = _next_status(claim, outcome)
    pipeline = pipelines.current()
    steps = pipeline.steps_after(claim.job)
    with ledger_transaction() if steps else nullcontext():
        if steps:
            pipeline.lock_after(claim.job)
        else:
            point("finish.before_commit")  # the one statement commits itself
        row = sql.row(
            f"""
            WITH finished AS (
                UPDATE nightshift_run
                   SET status = CASE
                           WHEN %(status)s = 'queued' AND cancel_requested_at IS NOT NULL THEN 'cancelled'
                           ELSE %(status)s END,
                       finished_at = CASE
                           WHEN %(status)s = 'queued' AND cancel_requested_at IS NULL THEN NULL
                           ELSE clock_timestamp() END,
                       not_before = CASE
                           WHEN %(status)s = 'queued' THEN clock_timestamp() + %(delay)s
                           ELSE not_before END,
                       failures = failures + %(failed)s,
                       lease_expires_at = NULL, rung_at = NULL, error = %(short_error)s,
                       result = coalesce(%(result)s, result), progress = coalesce(%(progress)s, progress)
                 WHERE id = %(run)s AND status = 'running' AND attempt = %(number)s
                       {f"AND {only_if}" if only_if else ""}
                RETURNING id, job, status, scheduled_for
            ), attempt AS (
                UPDATE nightshift_attempt
                   SET status = %(outcome)s, finished_at = clock_timestamp(), exit_code = %(exit_code)s,
                       signal = %(signal)s, error = %(error)s, wall = %(wall)s, cpu = %(cpu)s,
                       peak_memory = %(peak_memory)s, sql_statements = %(sql_statements)s,
                       output_bytes = %(output_bytes)s, output_dropped = %(output_dropped)s
                 WHERE id = %(attempt)s AND EXISTS (SELECT FROM finished)
            )
            SELECT id, job, status, scheduled_for FROM finished
            """,  # noqa: S608 — the condition is fixed
            {
                "run": claim.run_id,
                "number": claim.attempt,
                "attempt": claim.attempt_id,
                "status": status,
                "delay": delay,
                "failed": int(outcome.status in COUNTS_AS_FAILURE),
                "outcome": outcome.status,
                "exit_code": outcome.exit_code,
                "signal": outcome.signal,
                "error": outcome.error,
                "short_error": bounds.cut(outcome.error, bounds.LONGEST_ERROR_OF_A_RUN),
                "result": _json(outcome.result),
                "progress": _json(outcome.progress),
                "wall": outcome.wall,
                "cpu": outcome.cpu,
                "peak_memory": outcome.peak_memory,
                "sql_statements": outcome.sql_statements,
                "output_bytes": outcome.output_bytes,
                "output_dropped": outcome.output_dropped,
            },
        )
        if row is None:
            return None
        run, job, ended_as, scheduled_for = row
        if outcome.status is AttemptStatus.LOST:
            telemetry.lost(job)
        rings = [Ring(run_id=run, delay=delay)] if ended_as == Status.QUEUED else []
        if ended_as != Status.QUEUED:
            telemetry.run_ended(job, ended_as)
            rings = _follow(pipeline, run, job, ended_as, scheduled_for)
        if steps:
            point("finish.before_commit")
    point("finish.after_commit")
    return Ended(status=Status(ended_as), rings=rings)


def already_finished(claim: Claim, outcome: Outcome) -> Ended | None:
    """What `finish` would have answered, had its answer not been lost. The tick rings for what it left queued."""
    row = sql.row(
        """
        SELECT r.status FROM nightshift_run r JOIN nightshift_attempt a ON a.run_id = r.id
         WHERE a.id = %s AND a.status = %s
        """,
        [claim.attempt_id, outcome.status],
    )
    if row is None:
        return None
    ended = Ended(status=Status(row[0]))
    if ended.status is not Status.QUEUED:
        telemetry.run_ended(claim.job, ended.status)
    return ended


COUNTS_AS_FAILURE = {AttemptStatus.FAILED, AttemptStatus.TIMED_OUT, AttemptStatus.LOST}


def _next_status(claim: Claim, outcome: Outcome) -> tuple[Status, timedelta]:
    """Where the run goes when its attempt ends so, and how long it waits there."""
    # A tick of the former release may declare a run lost whose job only the newer one has.
    job = releases.declared_somewhere(claim.job)
    if outcome.status is AttemptStatus.INTERRUPTED:
        fails = outcome.begun and job and job.interrupted is Interrupted.FAIL
        return Status.FAILED if fails else Status.QUEUED, timedelta(0)
    status = Status(outcome.status)
    if job and status in job.retry.on and claim.failures < job.retry.times:
        randomness = random.Random(random.random())  # noqa: S311 — it spreads retries and guards no secret
        return Status.QUEUED, job.retry.delay_after(claim.failures + 1, randomness)
    return status, timedelta(0)


def fail_waiting(run: int, error: str, invocation_id: str = "") -> Ended | None:
    """Fail a queued run by an attempt that begins and fails in one transaction. None where it may not start now.

    So its status goes along the declared edges, its retries count, and its steps follow.
    """
    with ledger_transaction():
        if found := sql.row("SELECT job FROM nightshift_run WHERE id = %s", [run]):
            pipelines.current().lock_after(found[0])
        try:
            # Where another run of the job is claimed at this moment, the index's refusal aborts this block only.
            with transaction.atomic():
                claim = claims.claim_to_fail(run, instance.current(), invocation_id)
        except IntegrityError:
            return None
        return None if claim is None else finish(claim, Outcome(status=AttemptStatus.FAILED, error=error))


def cancel(run: int, by: str) -> Status | None:
    """Ask for the end of a run: a queued one ends here, a running one is told. None where it has ended already."""
    with ledger_transaction():
        pipeline = pipelines.current()
        if found := sql.row("SELECT job FROM nightshift_run WHERE id = %s", [run]):
            pipeline.lock_after(found[0])
        row = sql.row(
            """
            UPDATE nightshift_run
               SET status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
                   finished_at = CASE status WHEN 'queued' THEN clock_timestamp() END,
                   error = CASE WHEN status = 'queued' AND attempt = 0 THEN %s ELSE error END,
                   cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
                   cancelled_by = CASE cancelled_by WHEN '' THEN %s ELSE cancelled_by END
             WHERE id = %s AND status IN ('queued', 'running')
            RETURNING job, status, scheduled_for
            """,
            [f"Cancelled by {by} before it started.", by, run],
        )
        if row is None:
            return None
        job, status, scheduled_for = row
        if status == Status.RUNNING:
            sql.execute("SELECT pg_notify(%s, %s)", [cancellation.CHANNEL, str(run)])
        if status == Status.CANCELLED:
            telemetry.run_ended(job, status)
            _follow(pipeline, run, job, status, scheduled_for)
    return Status(status)


def cancel_for_replacement(runs: Sequence[int]) -> None:
    """Cancel the runs that newer ones of their jobs replace."""
    for run in sorted(runs):
        cancel(run, "the run that replaces it")


def end_unstarted(run: int, status: Status, reason: Reason, error: str, blocked_by: int | None = None) -> bool:
    """End a queued run that will not start: skipped or missed."""
    with ledger_transaction():
        pipeline = pipelines.current()
        if found := sql.row("SELECT job FROM nightshift_run WHERE id = %s", [run]):
            pipeline.lock_after(found[0])
        row = sql.row(
            """
            UPDATE nightshift_run
               SET status = %s, reason = %s, error = %s, blocked_by_id = %s, finished_at = clock_timestamp()
             WHERE id = %s AND status = 'queued' AND attempt = 0
            RETURNING job, scheduled_for
            """,
            [status, reason, error, blocked_by, run],
        )
        if row is None:
            return False
        telemetry.run_ended(row[0], status)
        if status is Status.MISSED:
            telemetry.missed(row[0], reason)
        _follow(pipeline, run, row[0], status, row[1])
    return True


def each_unless_busy[T](ends: Iterable[tuple[str, Callable[[], T]]]) -> Iterator[T]:
    """Do each, and give its answer. A job whose rows another session has locked is left alone, and waited for once."""
    busy: set[str] = set()
    for job, end in ends:
        if job in busy:
            continue
        try:
            yield end()
        except sql.Busy as error:
            busy.add(job)
            log.warning("job=%s: its runs can't be ended now, the next tick tries again. %s", job, error)


def _follow(pipeline: Pipeline, run: int, job: str, status: str, scheduled_for: datetime | None) -> list[Ring]:
    """Put the pipeline's next steps into the queue, in the transaction in which their predecessor ends."""
    end = pipelines.End(run=run, job=job, status=Status(status), scheduled_for=scheduled_for)
    followed = pipelines.follow(end, pipeline)
    cancel_for_replacement(followed.replaces)
    return [Ring(run_id=step) for step in followed.queued]


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)
