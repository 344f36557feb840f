"""The leases of the attempts that this worker holds, renewed together."""

import logging
import time
from collections.abc import Iterable

from jobs import clocks
from jobs.execution.held_attempt import HeldAttempt
from jobs.ledger import leases, sql, timing

log = logging.getLogger(__name__)

# After this, in seconds, a heartbeat that rows held up is tried again.
RETRY = 1.0


class Heartbeats:
    """When the next one is due, and what the last one said."""

    def __init__(self) -> None:
        self.due_at = 0.0  # time.monotonic

    def begin(self) -> None:
        """The first attempt is held, whose claim was its first heartbeat."""
        self.due_at = time.monotonic() + timing.HEARTBEAT.total_seconds()

    def beat_if_due(self, held: Iterable[HeldAttempt]) -> None:
        """Renew the leases, where that is due. Rows that another session has locked are tried again soon."""
        attempts = list(held)
        if attempts and time.monotonic() >= self.due_at:
            try:
                self._beat(attempts)
            except sql.Busy as error:
                self.due_at = time.monotonic() + RETRY
                log.warning("no heartbeat could be sent, trying again in %g s: %s", RETRY, error)

    def _beat(self, held: list[HeldAttempt]) -> None:
        sent_at, sent_since_boot = time.monotonic(), clocks.since_boot()
        renewed = leases.renew([attempt.key for attempt in held])
        missing = [attempt.key for attempt in held if attempt.key not in renewed]
        locked = leases.still_ours(missing) if missing else set()
        self.due_at = sent_at + timing.HEARTBEAT.total_seconds()
        if locked:
            log.warning(
                "no heartbeat for these (run, attempt), another session has locked their rows: %s", sorted(locked)
            )
            self.due_at = sent_at + min(RETRY, timing.HEARTBEAT.total_seconds())
        for attempt in held:
            if attempt.key in renewed:
                attempt.acknowledged_at = sent_since_boot
                attempt.cancelled |= renewed[attempt.key]
            elif attempt.key not in locked:
                attempt.gone = True
            # Its guardian has to know of each heartbeat too.
            attempt.wake()
