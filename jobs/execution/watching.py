"""A run's child, watched from its request to the end of its tree: output, deadline, cancellation, fence.

Nothing here waits without a bound: a fork server or guardian that doesn't answer is killed, and whoever reads the
output too slowly holds up the run, as a full pipe would, and not its deadline.
"""

import os
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db import connections

from jobs.choices import AttemptStatus, Isolation
from jobs.declarations.job import Job
from jobs.execution.echo import Echo
from jobs.execution.isolation import client, marks
from jobs.execution.isolation.client import Child, server
from jobs.execution.isolation.orders import FENCE, KILL, TERMINATE
from jobs.execution.isolation.process import ForkServerFailed
from jobs.execution.writer import Held
from jobs.ledger import timing
from jobs.ledger.failpoints import point

# After this, in seconds, a supervisor gives its database connection back while it waits for its child.
SHORT_RUN = 1.0
# What the kernel may take, in seconds, to close the pipes of a tree that was killed.
LAST_WORDS = 5.0
# How many of the processes that a run left behind are named, and with how many characters.
NAMED = 5
LONGEST_NAME = 100


@dataclass(slots=True)
class Closing:
    """When (time.monotonic) this worker's runs are interrupted, and the longest grace that they get then.

    None while the worker isn't shutting down.
    """

    at: float | None = None
    grace: timedelta | None = None


closing = Closing()


@dataclass(slots=True, frozen=True)
class Ear:
    """What a supervisor does with what comes: `output(data, is_stderr)`, `reports(data)`, `flush()` at `flush_at()`."""

    output: Callable[[bytes, bool], None]
    reports: Callable[[bytes], None]
    flush: Callable[[], None]
    flush_at: Callable[[], float | None]


class Watch:
    """Watches one attempt. `wake` is a descriptor that can be read when something about `held` or `closing` changed."""

    def __init__(self, job: Job, held: Held, request: dict[str, Any], ear: Ear, echo: Echo | None, wake: int) -> None:
        self.job = job
        self.held = held
        self.ear = ear
        self.echo = echo
        self.stopping: AttemptStatus | None = None  # why it was told to end
        self.fenced = False
        self.receipt: dict[str, Any] | None = None
        self._request = request
        self._wake = wake
        self._deadline = time.monotonic() + job.timeout.total_seconds()
        self._give_connection_back_at: float | None = time.monotonic() + SHORT_RUN
        self._begin(None)

    def run(self) -> None:
        """Have a child started, and watch it to the end of its tree. Raises ForkServerFailed where none can be had."""
        for _ in range(client.TRIES):
            self._request["fence"] = self._fence_at()
            child = server.spawn(self._request, fresh=self.job.isolation is Isolation.FRESH)
            self._begin(child)
            try:
                self._watch(child)
            finally:
                child.close()
                if self.receipt is None:
                    # Whoever was to end the tree was killed or is stopped.
                    marks.end(self._request["mark"])
            if self.has_begun or self.stopping or self.fenced:
                return
        raise ForkServerFailed(f"The fork server ended {client.TRIES} times while it was asked for a child.")

    def ended_by_itself(self, at: float | None) -> bool:
        """Whether the child came to its end, which it reported for this moment, before it was told to."""
        if self.receipt is None:
            return False
        told_at = self.receipt["told_at"]
        return told_at is None or (at is not None and at < told_at)

    @property
    def left_behind(self) -> str:
        """A sentence about the processes that ended with the run because it had left them behind, or nothing."""
        names = (self.receipt or {}).get("left_behind") or []
        if not names:
            return ""
        shown = "; ".join(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…" for name in names[:NAMED])
        more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
        return f"{len(names)} background {'process' if len(names) == 1 else 'processes'} ended with it: {shown}{more}"

    def _begin(self, child: Child | None) -> None:
        self.has_begun = False  # the guardian has said that it is there, and may have started the command
        self._has_ended = False  # and that it isn't
        self._kill_at: float | None = None
        self._answer_by: float | None = None
        self._look_after_at: float | None = time.monotonic()
        self._give_up_at: float | None = None
        self._fed = self.held.acknowledged_at
        self._pipes = {child.stdout, child.stderr, child.reports} if child else set()
        self._paused = False

    def _watch(self, child: Child) -> None:
        """Read all that the child says until its tree is gone, or no child will come, and end it when it has to end."""
        with selectors.DefaultSelector() as selector:
            sources: list[int | socket.socket] = [*self._pipes, child.control, self._wake]
            for source in sources:
                selector.register(source, selectors.EVENT_READ)
            while self._pipes or not self._has_ended:
                self._pause(selector, child)
                soonest = self._soonest()
                for key, _ in selector.select(None if soonest is None else max(0.0, soonest - time.monotonic())):
                    if key.fd == self._wake:
                        os.read(self._wake, 4096)
                    elif key.fileobj is child.control:
                        if not self._hear(child):
                            selector.unregister(child.control)
                    elif not self._read(child, key.fd):
                        selector.unregister(key.fd)
                        self._pipes.discard(key.fd)
                now = time.monotonic()
                self._look_at_the_clock(child, now)
                if not self.has_begun and not self._is_coming(child, now):
                    return
                if self._give_up_at is not None and now >= self._give_up_at:
                    return

    def _soonest(self) -> float | None:
        """The next moment (time.monotonic) at which there is something to do; None where there is none."""
        moments = [
            *(self.ear.flush_at(), self._kill_at, self._answer_by, self._give_up_at, self._give_connection_back_at),
            self._look_after_at,
        ]
        if self.stopping is None:
            moments += [self._deadline, closing.at]
        if not self.fenced:
            moments.append(time.monotonic() + self._fence_at() - timing.since_boot())
        return min((moment for moment in moments if moment is not None), default=None)

    def _pause(self, selector: selectors.BaseSelector, child: Child) -> None:
        """Take no more output while whoever reads it doesn't come after; all of it once the end has come near."""
        paused = self.echo is not None and self.echo.is_full and not (self.stopping or self.fenced or self._has_ended)
        if paused is self._paused:
            return
        self._paused = paused
        for pipe in self._pipes & {child.stdout, child.stderr}:
            if paused:
                selector.unregister(pipe)
            else:
                selector.register(pipe, selectors.EVENT_READ)

    def _read(self, child: Child, descriptor: int) -> bool:
        """Take what is in this pipe; False at its end."""
        data = os.read(descriptor, 65536)
        if descriptor == child.reports:
            self.ear.reports(data)
        elif data:
            self.ear.output(data, descriptor == child.stderr)
        return bool(data)

    def _hear(self, child: Child) -> bool:
        """Take in what the guardian says; False at its end."""
        messages = child.hear()
        if messages is None:
            self._has_ended = True
            self._answer_by = None
            self._give_up_at = time.monotonic() + LAST_WORDS
            return False
        for message in messages:
            if "error" in message:
                raise ForkServerFailed(f"The fork server can't fork: {message['error']}")
            if "guardian" in message:
                self.has_begun, self._look_after_at = True, None
                point("fork.after")
            self.fenced |= message.get("fenced", False)
            if "exit_code" in message:
                point("exit.before")
                self.receipt = message
            # To obey comes last: whatever it says shows that it isn't stopped.
            self._answer_by = None
        return True

    def _is_coming(self, child: Child, now: float) -> bool:
        """Whether a child may come of what was asked for."""
        if self.stopping or self.fenced:
            return False
        if self._has_ended or (self._look_after_at is not None and now >= self._look_after_at):
            self._look_after_at = server.look_after(child)
        return not self._has_ended and self._look_after_at is not None

    def _look_at_the_clock(self, child: Child, now: float) -> None:
        flush_at = self.ear.flush_at()
        if flush_at is not None and now >= flush_at:
            self.ear.flush()
        if self._give_connection_back_at is not None and now >= self._give_connection_back_at:
            self._give_connection_back_at = None
            connections.close_all()
        if self.held.gone or timing.since_boot() >= self._fence_at():
            if not self.fenced:
                self.fenced = True
                self._order(child, KILL)
        elif self.held.cancelled:
            self._stop(child, AttemptStatus.CANCELLED, now)
        elif now >= self._deadline:
            self._stop(child, AttemptStatus.TIMED_OUT, now)
        elif closing.at is not None and now >= closing.at:
            self._stop(child, AttemptStatus.INTERRUPTED, now)
        if self._fed != self.held.acknowledged_at:
            self._fed = self.held.acknowledged_at
            child.order(FENCE, self._fence_at())
        if self._kill_at is not None and closing.at is not None and closing.grace is not None:
            # It may be stopping for another reason, with a longer grace than the worker has left.
            self._kill_at = min(self._kill_at, closing.at + closing.grace.total_seconds())
        if self._kill_at is not None and now >= self._kill_at:
            self._kill_at = None
            self._order(child, KILL)
        if self._answer_by is not None and now >= self._answer_by:
            self._answer_by = None
            self._give_up_at = time.monotonic() + LAST_WORDS
            marks.end(self._request["mark"])

    def _fence_at(self) -> float:
        """When (timing.since_boot) the lease may be thought lost: no heartbeat got through for too long."""
        return self.held.acknowledged_at + timing.FENCE.total_seconds()

    def _stop(self, child: Child, why: AttemptStatus, now: float) -> None:
        if self.stopping is None:
            self.stopping = why
            grace = self.job.grace if closing.grace is None else min(self.job.grace, closing.grace)
            self._kill_at = now + grace.total_seconds()
            self._order(child, TERMINATE)

    def _order(self, child: Child, order: bytes) -> None:
        """Order something that the guardian has to answer in time."""
        if not self._has_ended:
            self._answer_by = time.monotonic() + (client.ANSWER if child.order(order) else 0)
