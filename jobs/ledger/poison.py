"""A message whose function failed again and again: the host gave it up, and what becomes of its run is decided here.

The run's row decides. One that ended, or that a supervisor holds under its lease, needs nothing. One that still waits
fails by an attempt of its own.
"""

import logging

from jobs.choices import EventKind, Status
from jobs.ledger import attempts, doorbell, events
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Run

log = logging.getLogger(__name__)

WHY = "The function execute_run failed again and again before the command could start. The app's log says why."


def take(text: str, invocation_id: str = "") -> Status | None:
    """Decide what becomes of the run that this message names. Gives its status then; None where there is none."""
    run = Run.objects.filter(pk=int(text)).first() if text.isdecimal() and len(text) < 19 else None
    if run is None:
        _record_event(None, f"A message with {text[:100]!r} was given up: it names no run.")
        return None
    if run.status != Status.QUEUED:
        log.info("poisoned message run=%s job=%s: nothing to do, it is %s", run.pk, run.job, run.status)
        return Status(run.status)
    with ledger_transaction():
        ended = attempts.fail_waiting(run.pk, WHY, invocation_id)
        if ended is None:
            # It isn't due yet, or another run is in its way: nothing says that it can't start later.
            _record_event(
                run, f"The message for run {run.pk} was given up; the run waits on, and the tick rings for it."
            )
            return Status(run.status)
        _record_event(run, f"The message for run {run.pk} was given up: {WHY[0].lower()}{WHY[1:]}")
    doorbell.ring_all(ended.rings)
    return ended.status


def _record_event(run: Run | None, message: str) -> None:
    events.record(EventKind.POISONED_MESSAGE, message, job=run.job if run else "", run_id=run.pk if run else None)
    log.error("poisoned message run=%s job=%s: %s", run and run.pk, run and run.job, message)
