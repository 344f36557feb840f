"""Runs that no schedule asks for, put into the queue under the job's lock, by its overlap policy."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from jobs.choices import Overlap, Reason, Status, Trigger
from jobs.declarations.job import Job
from jobs.ledger import overrides, sql, states
from jobs.ledger.changed import Changed
from jobs.ledger.overlap import Collision, collide, replaced


@dataclass(frozen=True, kw_only=True, slots=True)
class Enqueued(Changed):
    """A run just inserted: queued, or skipped. `replaces` are the runs to cancel for it."""

    replaces: list[int] = field(default_factory=list)


def enqueue(
    job: Job,
    trigger: Trigger,
    *,
    arguments: list[str] | None = None,
    requested_by: str,
    scheduled_for: datetime | None = None,
    chained_from: int | None = None,
    not_before: datetime | None = None,
    labels: Sequence[str] = (),
    retry_of: int | None = None,
    yields: bool = False,
    despite_hold: bool = False,
) -> Enqueued | None:
    """Insert a run, by the rule that its job has for overlaps. None where that occurrence or step has its run already.

    Needs a transaction: the job's lock is held until its end.
    """
    states.lock(job)
    active = states.active(job.name)
    # A run for a later moment, or one that yields, collides with nobody now: its claim waits for its turn.
    collision, blocked_by = (Collision.START, None) if not_before or yields else collide(job, active)
    skipped = collision is Collision.SKIP
    enqueued = insert(
        job,
        trigger,
        arguments=list(overrides.effective(job).arguments) if arguments is None else arguments,
        requested_by=requested_by,
        scheduled_for=scheduled_for,
        chained_from=chained_from,
        not_before=not_before,
        reason=Reason.OVERLAP if skipped else None,
        why=f"Run {blocked_by} of {job.name} was in its way (overlap={job.overlap.value!r})." if skipped else "",
        blocked_by=blocked_by if skipped else None,
        labels=labels,
        retry_of=retry_of,
        yields=yields,
        despite_hold=despite_hold,
    )
    if enqueued is None or collision is not Collision.REPLACE:
        return enqueued
    return replace(enqueued, replaces=replaced(job, active))


def insert(
    job: Job,
    trigger: Trigger,
    *,
    arguments: list[str],
    requested_by: str,
    scheduled_for: datetime | None,
    chained_from: int | None,
    not_before: datetime | None = None,
    reason: Reason | None = None,
    why: str = "",
    blocked_by: int | None = None,
    labels: Sequence[str] = (),
    retry_of: int | None = None,
    yields: bool = False,
    despite_hold: bool = False,
) -> Enqueued | None:
    """Insert the row, as skipped where a reason is given; None where the occurrence or step has one already."""
    status = Status.SKIPPED if reason else Status.QUEUED
    row = sql.row(
        """
        INSERT INTO nightshift_run (job, trigger, status, arguments, requested_by, scheduled_for, chained_from_id,
                                    created_at, requested_for, not_before, finished_at, exclusive, concurrency_group,
                                    reason, error, blocked_by_id, labels, retry_of_id, yields,
                                    despite_hold)
        VALUES (%s, %s, %s, %s, %s, %s, %s, clock_timestamp(), %s, coalesce(%s, clock_timestamp()),
                CASE WHEN %s THEN clock_timestamp() END, %s, %s, %s, %s, %s, %s::text[], %s, %s, %s)
            ON CONFLICT DO NOTHING
        RETURNING id
        """,
        [
            job.name,
            trigger,
            status,
            json.dumps(arguments),
            requested_by,
            scheduled_for,
            chained_from,
            not_before,
            not_before,
            status != Status.QUEUED,
            # Those that yield take turns, also where the job's others may run beside each other.
            job.overlap is not Overlap.ALLOW or yields,
            job.group,
            reason or "",
            why,
            blocked_by,
            list(labels),
            retry_of,
            yields,
            despite_hold,
        ],
    )
    if row is None:
        return None
    return Enqueued(run_id=row[0], job=job.name, status=status, scheduled_for=scheduled_for, reason=reason or "")
