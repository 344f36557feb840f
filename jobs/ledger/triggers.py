"""A run is asked for, or its end is: what every door calls (API, dashboard, admin, commands, Azure's own trigger)."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from jobs.choices import EventKind, Status, Trigger
from jobs.conf import conf
from jobs.declarations.parameters import check_arguments
from jobs.declarations.registry import registry
from jobs.ledger import claims, doorbell, endings, enqueue, events, idempotency, pipelines, run_labels, states
from jobs.ledger.changed import Changed
from jobs.ledger.doorbell import Ring
from jobs.ledger.enqueue_at_once import Start, enqueue_at_once
from jobs.ledger.idempotency import Key
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Run

log = logging.getLogger(__name__)


def request(
    job: str,
    arguments: Sequence[str] | None = None,
    *,
    trigger: Trigger = Trigger.MANUAL,
    requested_by: str,
    not_before: datetime | None = None,
    labels: Iterable[str] = (),
    retry_of: int | None = None,
    yields: bool = False,
    despite_hold: bool = False,
    key: Key | None = None,
    ring: bool = True,
) -> Run:
    """Ask for a run of the job, with other arguments than the declared ones where they are given.

    The run comes back queued, or skipped where the job's overlap policy says so. Without `ring` nobody is woken: for a
    caller that executes the run itself. With `yields` it waits for its turn, as repairs do. With
    `despite_hold` it starts also while everything is held. A client's `key` is written with the run.

    Raises UnknownJob, BadLabel, TooManyLabels, where arguments are given what `check_arguments` raises, and with a key
    StillAtWork, UsedForAnother and AlreadyStarted.
    """
    declared = registry[job]
    known_as = run_labels.checked(labels)
    if arguments is not None:
        check_arguments(declared.command, arguments)
    start = Start(
        job=declared,
        arguments=None if arguments is None else list(arguments),
        trigger=trigger,
        requested_by=requested_by,
        not_before=not_before,
        labels=known_as,
        retry_of=retry_of,
        yields=yields,
        despite_hold=despite_hold,
        key=key,
    )
    channel = doorbell.channel() if ring else ""
    at_once = enqueue_at_once(start, channel)
    run = at_once or _under_the_lock(start)
    log.info("requested run=%s job=%s trigger=%s by=%s status=%s", run.pk, job, trigger, requested_by, run.status)
    # Else its commit has rung already.
    if ring and not (at_once and channel):
        wake(run)
    return run


@ledger_transaction()
def _under_the_lock(start: Start) -> Run:
    """Queue the run, or skip it, as the rules of its job say, and leave its event."""
    if start.key is not None:
        idempotency.begin(start.key)
    pipeline = pipelines.current()
    # The steps follow where it is skipped, and of what is cancelled for it: all locks are taken in one order.
    pipeline.lock_with(start.job)
    enqueued = enqueue.enqueue(
        start.job,
        start.trigger,
        arguments=start.arguments,
        requested_by=start.requested_by,
        not_before=start.not_before,
        labels=start.labels,
        retry_of=start.retry_of,
        yields=start.yields,
        despite_hold=start.despite_hold,
    )
    assert enqueued is not None  # only occurrences and steps can be there already
    endings.was_enqueued(enqueued, pipeline)
    if start.key is not None:
        idempotency.keep(start.key, enqueued.run_id)
    run, by = enqueued.run_id, start.requested_by
    events.record(EventKind.STARTED, start.message(run), job=start.job.name, run_id=run, by=by, after=start.shown)
    return Run.objects.get(pk=run)


def wake(run: Run) -> None:
    """Ring for a run that was asked for without, once it is committed; for a later moment if it was asked for then."""
    if run.status == Status.QUEUED:
        delay = max(run.not_before - states.clock(), timedelta(0)) if run.requested_for else timedelta(0)
        doorbell.ring(run.pk, delay)


def cancel(run: int, by: str, reason: str = "") -> Status | None:
    """Ask in somebody's name for the end of a run.

    Gives its status now: cancelled, or running until it obeys; None if it had ended.
    """
    status = endings.cancel(run, by, partial(_was_asked_for, by, reason))
    if status is Status.CANCELLED:
        # It waited, and others behind it.
        doorbell.ring_all(Ring(run_id=ready) for ready in claims.next_ready(conf.JOBS_MAX_RUNNING))
    return status


def _was_asked_for(by: str, reason: str, changed: Changed) -> None:
    message = f"{by} asked for the end of run {changed.run_id} of {changed.job}{f': {reason}' if reason else '.'}"
    events.record(EventKind.CANCELLED, message, job=changed.job, run_id=changed.run_id, by=by, reason=reason)
