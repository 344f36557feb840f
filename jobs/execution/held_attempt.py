"""An attempt that this worker holds, as supervisor and writer both see it."""

from collections.abc import Callable
from typing import Any

from jobs import clocks
from jobs.ledger.claims import Claim


class HeldAttempt:
    """`wake` is called when something about the attempt changes."""

    def __init__(self, claim: Claim, wake: Callable[[], None], asked_at: float | None = None) -> None:
        self.claim = claim
        self.wake = wake
        # When (clocks.since_boot) the claim, or the last heartbeat that got through, was sent.
        self.acknowledged_at = clocks.since_boot() if asked_at is None else asked_at
        self.gone = False  # another one holds it now, or nobody
        self.cancelled = False
        self.progress: dict[str, Any] | None = None

    @property
    def key(self) -> tuple[int, int]:
        return self.claim.run_id, self.claim.attempt
