"""Ends of attempts on their way to the ledger, each to be recorded once."""

import logging
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field

from jobs.conf import conf
from jobs.execution import journal
from jobs.execution.held_attempt import HeldAttempt
from jobs.ledger import attempts, claims, sql, timing
from jobs.ledger.attempts import Outcome
from jobs.ledger.endings import Ended

log = logging.getLogger(__name__)


@dataclass(eq=False, slots=True)
class PendingEnd:
    """How an attempt ended, until that is recorded."""

    held: HeldAttempt
    outcome: Outcome
    recorded: Future[Ended | None]
    not_before: float = 0.0  # time.monotonic
    unsure: bool = False  # it may be recorded already: by a commit whose acknowledgement was lost, or from the journal
    kept: bool = False  # it is in the journal
    ready: list[int] = field(default_factory=list)  # the runs that could start once it was recorded


class PendingEnds:
    """The ends that wait to be recorded. One whose rows another session has locked waits, and new ends go before it."""

    def __init__(self, release: Callable[[HeldAttempt], None]) -> None:
        self._release = release  # called with an attempt that is held no longer
        self._waiting: list[PendingEnd] = []

    def add(self, end: PendingEnd) -> None:
        """Any thread may call it."""
        self._waiting.append(end)

    def moments(self) -> list[float]:
        """When (time.monotonic) there is one to record."""
        return [end.not_before for end in list(self._waiting)]

    def next(self) -> PendingEnd | None:
        """The end to be recorded now: a new one before those that wait for locked rows."""
        end = min(list(self._waiting), key=lambda end: end.not_before, default=None)
        return end if end is not None and end.not_before <= time.monotonic() else None

    def keep_all(self) -> None:
        """Write those that wait to the journal, on this machine's disk."""
        for end in list(self._waiting):
            self.keep(end)

    def keep(self, end: PendingEnd) -> None:
        if not end.kept:
            end.unsure = end.kept = journal.keep(end.held.claim, end.outcome)

    def record(self, end: PendingEnd) -> None:
        """Record it, and answer its supervisor; where its rows are locked it waits on."""
        claim = end.held.claim
        try:
            ended = attempts.finish(claim, end.outcome)
            if ended is None and end.unsure:
                ended = attempts.already_finished(claim, end.outcome)
        except sql.AWAY:
            end.unsure = True
            raise
        except sql.Busy as error:
            end.not_before = time.monotonic() + timing.LOCK_WAIT.total_seconds()
            log.warning("run=%s job=%s: recording its end is tried again. %s", claim.run_id, claim.job, error)
            return
        except Exception as error:  # noqa: BLE001 — handed to the supervisor, which waits for it
            self._dismiss(end)
            end.recorded.set_exception(error)
            return
        self._dismiss(end)
        if ended is not None:
            end.ready = _ready()
        end.recorded.set_result(ended)

    def _dismiss(self, end: PendingEnd) -> None:
        self._waiting.remove(end)
        self._release(end.held)
        if end.kept:
            journal.drop(end.held.claim)


def _ready() -> list[int]:
    """What could start now. Asked here, over a connection that is open: the supervisor may have given its own back."""
    try:
        return claims.next_ready(conf.JOBS_MAX_RUNNING)
    except (*sql.AWAY, sql.Busy) as error:
        log.warning("which runs can start isn't known now, the next tick rings for them: %s", error)
        return []
