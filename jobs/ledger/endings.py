"""A run's end: `end` is the one place where a run leaves `queued` or `running` for good, whatever the cause.

What an end brings with it is written in the same transaction, and doorbells are rung by the caller once it is
committed. Moments are the database's, since supervisors' own clocks may disagree about a lease.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import TypedDict

from jobs import telemetry
from jobs.choices import ENDED, Reason, Status, Trigger
from jobs.ledger import cancellation, enqueue, incidents, judging, onlookers, pipelines, releases, sessions, sql, steps
from jobs.ledger.changed import Changed
from jobs.ledger.doorbell import Ring
from jobs.ledger.enqueue import Enqueued
from jobs.ledger.failpoints import point
from jobs.ledger.pipelines import Pipeline
from jobs.ledger.steps import Step

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True, slots=True)
class Ended:
    """What became of a run, and whom to wake."""

    status: Status
    rings: list[Ring] = field(default_factory=list)


def end(job: str, change: Callable[[str | None], Changed | None], likely: Status | None = None) -> Ended | None:
    """End a run of this job, in one transaction with all that its end brings. None where `change` changed nothing.

    `change` is one conditional statement on the run's row, whose number of rows is the answer. It is given the key of
    the release in charge, and is to change nothing where that is another one by now (`releases.IS_IN_CHARGE`). It may
    leave the run unended: back in the queue, or running and asked to end. Then nothing comes with it.

    `likely` is how the run ends if alerts are to judge that; None if not, as where an operator asked for it.
    """
    while True:
        in_charge = releases.heard_in_charge()
        pipeline = pipelines.of_release(releases.with_key(in_charge))
        work = partial(_end, job, pipeline, partial(change, in_charge), likely)
        ended = judging.if_it_works(work, f"job={job}: its run's end")
        # It may have changed nothing because another release is in charge, whose steps follow.
        if ended is not None or releases.key_in_charge() == in_charge:
            return ended


def _end(job: str, pipeline: Pipeline, change: Callable[[], Changed | None], likely: Status | None) -> Ended | None:
    # With no steps, and nothing for the alerts to judge, there is one statement, which commits itself.
    is_alone = not pipeline.steps_after(job) and not incidents.concern(job, likely) and sessions.are_bounded()
    if is_alone:
        point("end.before_commit")
    with nullcontext() if is_alone else sessions.ledger_transaction():
        pipeline.lock_after(job)
        run = change()
        if run is None:
            return None
        if not is_alone:
            point("end.before_judging")
        rings = has_ended(run, pipeline) if run.status in ENDED else []
        if not is_alone:
            point("end.before_commit")
    return Ended(status=run.status, rings=rings)


def has_ended(run: Changed, pipeline: Pipeline) -> list[Ring]:
    """What the end of a run brings with it, in its transaction. Each end passes here once; whatever reports ends
    belongs here. The database itself counts them by day, as the transaction commits (JobDay). Gives whom to wake.
    """
    incidents.judge(run)
    telemetry.run_ended(run.job, run.status)
    if run.status is Status.MISSED:
        telemetry.missed(run.job, run.reason)
    onlookers.has_ended(run)
    return follow(run, pipeline)


def follow(run: Changed, pipeline: Pipeline) -> list[Ring]:
    """Enqueue the steps whose turn has come with this end, and skip those that can't run. Gives whom to wake."""
    return [ring for step in steps.following(run, pipeline) for ring in _insert(step, run, pipeline)]


class _Origin(TypedDict):
    requested_by: str
    scheduled_for: datetime | None
    chained_from: int


def _insert(step: Step, predecessor: Changed, pipeline: Pipeline) -> list[Ring]:
    origin = _Origin(
        requested_by=f"run {predecessor.run_id} of {predecessor.job}",
        scheduled_for=predecessor.scheduled_for,
        chained_from=predecessor.run_id,
    )
    if step.reason is None:
        run = enqueue.enqueue(step.job, Trigger.CHAIN, **origin)
    else:
        run = enqueue.insert(
            step.job,
            Trigger.CHAIN,
            **origin,
            arguments=list(step.job.arguments),
            reason=step.reason,
            why=step.why,
            blocked_by=predecessor.run_id,
        )
    return [] if run is None else was_enqueued(run, pipeline)


def was_enqueued(run: Enqueued, pipeline: Pipeline) -> list[Ring]:
    """What a run brings with it that was just inserted: those it replaces end, and one that was skipped has ended.

    Needs the locks of the steps after its job. Gives whom to wake.
    """
    cancel_for_replacement(run.replaces)
    return [Ring(run_id=run.run_id)] if run.status is Status.QUEUED else has_ended(run, pipeline)


def cancel(run_id: int, by: str, record: Callable[[Changed], None] = lambda changed: None) -> Status | None:
    """Ask for the end of a run: a queued one ends here, a running one soon. None where it has ended already.

    `record` is called in the same transaction.
    """
    found = sql.row("SELECT job FROM nightshift_run WHERE id = %s", [run_id])
    ended = end(found[0], partial(_cancel, run_id, by, record)) if found else None
    return ended.status if ended else None


def _cancel(run_id: int, by: str, record: Callable[[Changed], None], in_charge: str | None) -> Changed | None:
    row = sql.row(
        f"""
        WITH cancelled AS (
            UPDATE nightshift_run
               SET status = CASE status WHEN 'queued' THEN 'cancelled' ELSE status END,
                   finished_at = CASE status WHEN 'queued' THEN clock_timestamp() END,
                   error = CASE WHEN status = 'queued' AND attempt = 0 THEN %(error)s ELSE error END,
                   cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()),
                   cancelled_by = CASE cancelled_by WHEN '' THEN %(by)s ELSE cancelled_by END
             WHERE id = %(run_id)s AND status || '' IN ('queued', 'running') AND {releases.IS_IN_CHARGE}
            RETURNING id, job, status, scheduled_for
        )
        SELECT id, job, status, scheduled_for,
               CASE WHEN status = 'running' THEN pg_notify(%(channel)s, id::text) END
          FROM cancelled
        """,  # noqa: S608 — the condition is fixed
        releases.as_heard(in_charge)
        | {
            "run_id": run_id,
            "by": by,
            "error": f"Cancelled by {by} before it started.",
            "channel": cancellation.CHANNEL,
        },
    )
    if row is None:
        return None
    run_id, job, status, scheduled_for, _ = row
    changed = Changed(run_id=run_id, job=job, status=Status(status), scheduled_for=scheduled_for)
    record(changed)
    return changed


def cancel_for_replacement(run_ids: Sequence[int]) -> None:
    """Cancel the runs that newer ones of their jobs replace."""
    for run_id in sorted(run_ids):
        cancel(run_id, "the run that replaces it")


def miss(run_id: int, job: str, why: str, *, excused: bool = False) -> Ended | None:
    """End a run that waited until its start deadline had passed. None where it has started, or ended.

    `excused`: an operator kept it from starting.
    """
    return end(job, partial(_miss, run_id, why, excused), None if excused else Status.MISSED)


def _miss(run_id: int, why: str, excused: bool, in_charge: str | None) -> Changed | None:
    row = sql.row(
        f"""
        UPDATE nightshift_run
           SET status = 'missed', reason = %(reason)s, error = %(why)s, finished_at = clock_timestamp()
         WHERE id = %(run_id)s AND status || '' = 'queued' AND attempt = 0 AND {releases.IS_IN_CHARGE}
        RETURNING job, scheduled_for
        """,  # noqa: S608 — the condition is fixed
        releases.as_heard(in_charge) | {"run_id": run_id, "reason": Reason.TOO_LATE, "why": why},
    )
    if row is None:
        return None
    job, scheduled_for = row
    return Changed(
        run_id=run_id,
        job=job,
        status=Status.MISSED,
        scheduled_for=scheduled_for,
        reason=Reason.TOO_LATE,
        error=why,
        excused=excused,
    )


def each_unless_busy[T](ends: Iterable[tuple[str, Callable[[], T]]]) -> Iterator[T]:
    """Do each, and give its answer. A job whose rows another session has locked is left alone, and waited for once."""
    busy: set[str] = set()
    for job, end_it in ends:
        if job in busy:
            continue
        try:
            yield end_it()
        except sql.Busy as error:
            busy.add(job)
            log.warning("job=%s: its runs can't be ended now, the next tick tries again. %s", job, error)
