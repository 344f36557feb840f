"""How an attempt ended, and what that makes of its run: its end, or its return to the queue."""

import json
import random
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any

from django.db import IntegrityError, transaction

from jobs import telemetry
from jobs.choices import AttemptStatus, Interrupted, Status
from jobs.declarations import bounds
from jobs.ledger import claims, incidents, instance, judging, pipelines, releases, sql
from jobs.ledger.changed import Changed
from jobs.ledger.claims import Claim
from jobs.ledger.doorbell import Ring
from jobs.ledger.endings import Ended, end
from jobs.ledger.failpoints import point
from jobs.ledger.sessions import ledger_transaction


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
    warnings: int = 0  # lines of its output that warn
    matched: str = ""  # the first line of its output that the job's `output_matches` looks for
    begun: bool = True  # whether the command was started


def finish(claim: Claim, outcome: Outcome, *, only_if: str = "") -> Ended | None:
    """Record how the attempt ended. None where it is no longer ours: then nothing was changed.

    The run ends with it, or returns to the queue: for a retry, or because a shutdown interrupted the attempt.
    `only_if` is a further condition on the run's row, in SQL.
    """
    status, delay = _next_status(claim, outcome)
    ended = end(claim.job, partial(_change, claim, outcome, status, delay, only_if), status)
    if ended is None:
        return None
    point("end.after_commit")
    if ended.status is Status.QUEUED:
        return Ended(status=ended.status, rings=[Ring(run_id=claim.run_id, delay=delay)])
    return ended


def _change(
    claim: Claim, outcome: Outcome, status: Status, delay: timedelta, only_if: str, in_charge: str | None
) -> Changed | None:
    closing = incidents.closing(status)
    with judging.told_apart() if closing else nullcontext():
        row = _finish(claim, outcome, status, delay, only_if, in_charge, closing)
    if row is None:
        return None
    if outcome.status is AttemptStatus.LOST:
        telemetry.lost(claim.job)
    run_id, job, ended_as, scheduled_for = row
    return Changed(
        run_id=run_id,
        job=job,
        status=Status(ended_as),
        scheduled_for=scheduled_for,
        error=outcome.error,
        took=outcome.wall,
        matched=outcome.matched,
    )


def _finish(
    claim: Claim, outcome: Outcome, status: Status, delay: timedelta, only_if: str, in_charge: str | None, closing: str
) -> tuple[Any, ...] | None:
    return sql.row(
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
             WHERE id = %(run)s AND status || '' = 'running' AND attempt = %(number)s
                   AND {releases.IS_IN_CHARGE} {f"AND {only_if}" if only_if else ""}
            RETURNING id, job, status, scheduled_for
        ), attempt AS (
            UPDATE nightshift_attempt
               SET status = %(outcome)s, finished_at = clock_timestamp(), exit_code = %(exit_code)s,
                   signal = %(signal)s, error = %(error)s, wall = %(wall)s, cpu = %(cpu)s,
                   peak_memory = %(peak_memory)s, sql_statements = %(sql_statements)s,
                   output_bytes = %(output_bytes)s, output_dropped = %(output_dropped)s,
                   warnings = %(warnings)s
             WHERE id = %(attempt)s AND EXISTS (SELECT FROM finished)
        ) {closing}
        SELECT id, job, status, scheduled_for FROM finished
        """,  # noqa: S608 — the condition is fixed
        releases.as_heard(in_charge)
        | {
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
            "warnings": outcome.warnings,
        },
    )


def fail_waiting(run_id: int, error: str, invocation_id: str = "") -> Ended | None:
    """Fail a queued run by an attempt that begins and fails in one transaction. None where it may not start now.

    So its status goes along the declared edges, its retries count, and its steps follow.
    """
    with ledger_transaction():
        if (job := claims.job_of(run_id)) is None:
            return None
        # Before the claim, which changes the run's row.
        pipelines.current().lock_after(job)
        try:
            # Where another run of the job is claimed at this moment, the index's refusal aborts this block only.
            with transaction.atomic():
                claim = claims.claim_to_fail(run_id, instance.current(), invocation_id)
        except IntegrityError:
            return None
        return None if claim is None else finish(claim, Outcome(status=AttemptStatus.FAILED, error=error))


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


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value)
