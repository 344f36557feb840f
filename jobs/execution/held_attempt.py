"""An attempt that this worker holds, and how it ended, as supervisor and writer both see them."""

from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any

from jobs.ledger import timing
from jobs.ledger.attempts import Outcome
from jobs.ledger.claims import Claim
from jobs.ledger.endings import Ended


class Held:
    """`wake` is called when something about the attempt changes."""

    def __init__(self, claim: Claim, wake: Callable[[], None], asked_at: float | None = None) -> None:
        self.claim = claim
        self.wake = wake
        # When (timing.since_boot) the claim, or the last heartbeat that got through, was sent.
        self.acknowledged_at = timing.since_boot() if asked_at is None else asked_at
        self.gone = False  # another one holds it now, or nobody
        self.cancelled = False
        self.progress: dict[str, Any] | None = None

    @property
    def key(self) -> tuple[int, int]:
        return self.claim.run_id, self.claim.attempt


@dataclass(eq=False, slots=True)
class End:
    """How an attempt ended, until that is recorded."""

    held: Held
    outcome: Outcome
    recorded: Future[Ended | None]
    not_before: float = 0.0  # time.monotonic
    unsure: bool = False  # it may be recorded already: by a commit whose acknowledgement was lost, or from the journal
    kept: bool = False  # it is in the journal
