"""An operator keeps a run for ever, or leaves it to retention again."""

import logging

from jobs.choices import EventKind
from jobs.ledger import events, sql
from jobs.ledger.sessions import ledger_transaction
from jobs.ledger.walking import TURN

log = logging.getLogger(__name__)


def pin(run_id: int, *, by: str, reason: str = "") -> bool | None:
    """Keep a run with its attempts, output and events. False where it was pinned already; None: there is no such run.

    When this returns, no prune at work deletes anything of it.
    """
    return _set(run_id, True, by, reason)


def unpin(run_id: int, *, by: str, reason: str = "") -> bool | None:
    """Leave a run to retention again. False where it wasn't pinned; None where there is no such run."""
    return _set(run_id, False, by, reason)


def _set(run_id: int, pinned: bool, by: str, reason: str) -> bool | None:
    with ledger_transaction():
        # A prune deletes a batch in its turn, and sees in each what was pinned before.
        sql.execute(f"SELECT {TURN}")
        row = sql.row("SELECT job, pinned FROM nightshift_run WHERE id = %s FOR NO KEY UPDATE", [run_id])
        if row is None:
            return None
        job, was_pinned = row
        if was_pinned == pinned:
            return False
        sql.execute("UPDATE nightshift_run SET pinned = %s WHERE id = %s", [pinned, run_id])
        kind = EventKind.PINNED if pinned else EventKind.UNPINNED
        message = f"Run {run_id} of {job} was {kind.value} by {by}{f': {reason}' if reason else '.'}"
        events.record(kind, message, job=job, run_id=run_id, by=by, reason=reason)
    log.info("%s run=%s job=%s by=%s", kind.value, run_id, job, by)
    return True
