"""When a child has to end, and what its guardian is ordered then: deadline, cancellation, shutdown, fence.

A guardian that doesn't answer an order in time is killed with its tree.
"""

import time

from jobs import clocks
from jobs.choices import AttemptStatus
from jobs.declarations.job import Job
from jobs.execution.held_attempt import HeldAttempt
from jobs.execution.isolation import client, marks
from jobs.execution.isolation.client import Child
from jobs.execution.isolation.orders import FENCE, KILL, TERMINATE
from jobs.execution.shutdown import Shutdown
from jobs.ledger import timing

# What the kernel may take, in seconds, to close the pipes of a tree that was killed.
LAST_WORDS = 5.0


class Stops:
    """Looks at the clock for one attempt. Moments are time.monotonic, but the fence's, which is clocks.since_boot."""

    def __init__(self, job: Job, held: HeldAttempt, shutdown: Shutdown, mark: str) -> None:
        self.job = job
        self.held = held
        self.shutdown = shutdown
        self.why: AttemptStatus | None = None  # it was ordered to end
        self.fenced = False
        self._mark = mark
        self._deadline = time.monotonic() + job.timeout.total_seconds()
        self.begin()

    def begin(self) -> None:
        """A child was asked for: nothing was ordered of its guardian yet."""
        self.has_ended = False  # the guardian has said that it is not there any more
        self.give_up_at: float | None = None  # no longer is anything awaited from it
        self._kill_at: float | None = None
        self._answer_by: float | None = None
        self._fed = self.held.acknowledged_at

    @property
    def ends_it(self) -> bool:
        """Whether the child was ordered to end, for whatever reason."""
        return self.why is not None or self.fenced

    @property
    def fence_at(self) -> float:
        """When (clocks.since_boot) the lease may be thought lost: no heartbeat got through for too long."""
        return self.held.acknowledged_at + timing.FENCE.total_seconds()

    def moments(self) -> list[float | None]:
        """The moments at which `look` may have something to do."""
        found = [self._kill_at, self._answer_by, self.give_up_at]
        if self.why is None:
            found += [self._deadline, self.shutdown.at]
        if not self.fenced:
            found.append(time.monotonic() + self.fence_at - clocks.since_boot())
        return found

    def answered(self) -> None:
        """The guardian said something: whatever it was shows that it isn't stopped."""
        self._answer_by = None

    def ended(self) -> None:
        """The guardian has ended, and its tree before it."""
        self.has_ended = True
        self._answer_by = None
        self.give_up_at = time.monotonic() + LAST_WORDS

    def look(self, child: Child, now: float) -> None:
        """Order what is due now."""
        if self.held.gone or clocks.since_boot() >= self.fence_at:
            if not self.fenced:
                self.fenced = True
                self._order(child, KILL)
        elif self.held.cancelled:
            self._stop(child, AttemptStatus.CANCELLED, now)
        elif now >= self._deadline:
            self._stop(child, AttemptStatus.TIMED_OUT, now)
        elif self.shutdown.at is not None and now >= self.shutdown.at:
            self._stop(child, AttemptStatus.INTERRUPTED, now)
        self._feed(child)
        self._kill_if_due(child, now)
        if self._answer_by is not None and now >= self._answer_by:
            self._answer_by = None
            self.give_up_at = time.monotonic() + LAST_WORDS
            marks.end(self._mark)

    def _feed(self, child: Child) -> None:
        """Let the guardian know of each heartbeat: it holds the fence too."""
        if self._fed != self.held.acknowledged_at:
            self._fed = self.held.acknowledged_at
            child.order(FENCE, self.fence_at)

    def _stop(self, child: Child, why: AttemptStatus, now: float) -> None:
        if self.why is None:
            self.why = why
            self._kill_at = now + self.shutdown.shorter(self.job.grace).total_seconds()
            self._order(child, TERMINATE)

    def _kill_if_due(self, child: Child, now: float) -> None:
        if self._kill_at is None:
            return
        if self.shutdown.at is not None and self.shutdown.grace is not None:
            # It may be stopping for another reason, with a longer grace than the worker has left.
            self._kill_at = min(self._kill_at, self.shutdown.at + self.shutdown.grace.total_seconds())
        if now >= self._kill_at:
            self._kill_at = None
            self._order(child, KILL)

    def _order(self, child: Child, order: bytes) -> None:
        """Order something that the guardian has to answer in time."""
        if not self.has_ended:
            self._answer_by = time.monotonic() + (client.ANSWER if child.order(order) else 0)
