"""A run's child, watched from its request to the end of its tree: what it writes, and whether it is there.

Nothing here waits without a bound: a fork server or guardian that doesn't answer is killed, and whoever reads the
output too slowly holds up the run, as a full pipe would, and not its deadline.
"""

import os
import selectors
import socket
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.db import connections

from jobs.choices import Isolation
from jobs.declarations.job import Job
from jobs.execution.echo import Echo
from jobs.execution.held_attempt import HeldAttempt
from jobs.execution.isolation import client, marks
from jobs.execution.isolation.client import Child, server
from jobs.execution.isolation.process import ForkServerFailed
from jobs.execution.shutdown import Shutdown
from jobs.execution.stopping import Stops
from jobs.ledger.failpoints import point

# After this, in seconds, a supervisor gives its database connection back while it waits for its child.
SHORT_RUN = 1.0


@dataclass(slots=True, frozen=True)
class Ear:
    """What a supervisor does with what comes: `output(data, is_stderr)`, `reports(data)`, `flush()` at `flush_at()`."""

    output: Callable[[bytes, bool], None]
    reports: Callable[[bytes], None]
    flush: Callable[[], None]
    flush_at: Callable[[], float | None]


class Watch:
    """Watches one attempt. `wake` is a descriptor that can be read when `held` or `shutdown` has changed."""

    def __init__(
        self,
        job: Job,
        held: HeldAttempt,
        request: dict[str, Any],
        ear: Ear,
        shutdown: Shutdown,
        echo: Echo | None,
        wake: int,
    ) -> None:
        self.job = job
        self.ear = ear
        self.echo = echo
        self.receipt: dict[str, Any] | None = None
        self.stops = Stops(job, held, shutdown, request["mark"])
        self._request = request
        self._wake = wake
        self._give_connection_back_at: float | None = time.monotonic() + SHORT_RUN
        self._begin(None)

    def run(self) -> None:
        """Have a child started, and watch it to the end of its tree. Raises ForkServerFailed where none can be had."""
        for _ in range(client.TRIES):
            self._request["fence"] = self.stops.fence_at
            child = server.spawn(self._request, fresh=self.job.isolation is Isolation.FRESH)
            self._begin(child)
            try:
                self._watch(child)
            finally:
                child.close()
                if self.receipt is None:
                    # Whoever was to end the tree was killed or is stopped.
                    marks.end(self._request["mark"])
            if self.has_begun or self.stops.ends_it:
                return
        raise ForkServerFailed(f"The fork server ended {client.TRIES} times while it was asked for a child.")

    def _begin(self, child: Child | None) -> None:
        self.has_begun = False  # the guardian has said that it is there, and may have started the command
        self.stops.begin()
        self._look_after_at: float | None = time.monotonic()
        self._pipes = {child.stdout, child.stderr, child.reports} if child else set()
        self._paused = False

    def _watch(self, child: Child) -> None:
        """Read all that the child says until its tree is gone, or no child will come, and end it when it has to end."""
        with selectors.DefaultSelector() as selector:
            sources: list[int | socket.socket] = [*self._pipes, child.control, self._wake]
            for source in sources:
                selector.register(source, selectors.EVENT_READ)
            while self._pipes or not self.stops.has_ended:
                self._pause(selector, child)
                for key, _ in selector.select(self._timeout()):
                    self._take(selector, child, key)
                now = time.monotonic()
                self._do_what_is_due(now)
                self.stops.look(child, now)
                if not self.has_begun and not self._is_coming(child, now):
                    return
                if self.stops.give_up_at is not None and now >= self.stops.give_up_at:
                    return

    def _timeout(self) -> float | None:
        """In how many seconds there is something to do; None where there is nothing."""
        moments = [
            *(self.ear.flush_at(), self._give_connection_back_at, self._look_after_at),
            *self.stops.moments(),
        ]
        soonest = min((moment for moment in moments if moment is not None), default=None)
        return None if soonest is None else max(0.0, soonest - time.monotonic())

    def _pause(self, selector: selectors.BaseSelector, child: Child) -> None:
        """Take no more output while whoever reads it doesn't come after; all of it once the end has come near."""
        is_near_its_end = self.stops.ends_it or self.stops.has_ended
        paused = self.echo is not None and self.echo.is_full and not is_near_its_end
        if paused is self._paused:
            return
        self._paused = paused
        for pipe in self._pipes & {child.stdout, child.stderr}:
            if paused:
                selector.unregister(pipe)
            else:
                selector.register(pipe, selectors.EVENT_READ)

    def _take(self, selector: selectors.BaseSelector, child: Child, key: selectors.SelectorKey) -> None:
        """Take what one source has to say."""
        if key.fd == self._wake:
            os.read(self._wake, 4096)
        elif key.fileobj is child.control:
            if not self._hear(child):
                selector.unregister(child.control)
        elif not self._read(child, key.fd):
            selector.unregister(key.fd)
            self._pipes.discard(key.fd)

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
            self.stops.ended()
            return False
        for message in messages:
            if "error" in message:
                raise ForkServerFailed(f"The fork server can't fork: {message['error']}")
            if "guardian" in message:
                self.has_begun, self._look_after_at = True, None
                point("fork.after")
            self.stops.fenced |= message.get("fenced", False)
            if "exit_code" in message:
                point("exit.before")
                self.receipt = message
            self.stops.answered()
        return True

    def _is_coming(self, child: Child, now: float) -> bool:
        """Whether a child may come of what was asked for."""
        if self.stops.ends_it:
            return False
        if self.stops.has_ended or (self._look_after_at is not None and now >= self._look_after_at):
            self._look_after_at = server.look_after(child)
        return not self.stops.has_ended and self._look_after_at is not None

    def _do_what_is_due(self, now: float) -> None:
        flush_at = self.ear.flush_at()
        if flush_at is not None and now >= flush_at:
            self.ear.flush()
        if self._give_connection_back_at is not None and now >= self._give_connection_back_at:
            self._give_connection_back_at = None
            connections.close_all()
