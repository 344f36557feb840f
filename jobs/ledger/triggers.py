"""A run is asked for, or its end is: what every door calls (API, dashboard, admin, commands, Azure's own trigger)."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from jobs import masking
from jobs.choices import EventKind, Status, Trigger
from jobs.conf import conf
from jobs.declarations.parameters import check_arguments
from jobs.declarations.registry import registry
from jobs.ledger import claims, doorbell, endings, enqueue, events, pipelines, run_labels, states
from jobs.ledger.changed import Changed
from jobs.ledger.doorbell import Ring
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
    ring: bool = True,
) -> Run:
    """Ask for a run of the job, with other arguments than the declared ones where they are given.

    The run comes back queued, or skipped where the job's overlap policy says so. Without `ring` nobody is woken: for a
    caller that executes the run itself. With `yields` it waits for its turn, as repairs do. With
    `despite_hold` it starts also while everything is held.

    Raises UnknownJob, BadLabel, TooManyLabels, or where arguments are given what `check_arguments` raises.
    """
    declared = registry[job]
    known_as = run_labels.checked(labels)
    if arguments is not None:
        check_arguments(declared.command, arguments)
    with ledger_transaction():
        pipeline = pipelines.current()
        # The steps follow where it is skipped, and of what is cancelled for it: all locks are taken in one order.
        pipeline.lock_with(declared)
        enqueued = enqueue.enqueue(
            declared,
            trigger,
            arguments=None if arguments is None else list(arguments),
            requested_by=requested_by,
            not_before=not_before,
            labels=known_as,
            retry_of=retry_of,
            yields=yields,
            despite_hold=despite_hold,
        )
        assert enqueued is not None  # only occurrences and steps can be there already
        endings.was_enqueued(enqueued, pipeline)
        shown = None if arguments is None else {"arguments": masking.hide(declared, list(arguments))}
        which = f", which retries run {retry_of}" if retry_of else ""
        despite = ", whatever is held" if despite_hold else ""
        message = f"{requested_by} asked for run {enqueued.run_id} of {job}{which}{despite}."
        events.record(EventKind.STARTED, message, job=job, run_id=enqueued.run_id, by=requested_by, after=shown)
    run = Run.objects.get(pk=enqueued.run_id)
    log.info("requested run=%s job=%s trigger=%s by=%s status=%s", run.pk, job, trigger, requested_by, run.status)
    if ring:
        wake(run)
    return run


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
