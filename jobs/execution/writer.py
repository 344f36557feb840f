"""One thread and one connection a worker write all heartbeats and output, and how attempts ended.

While the database is away, everything waits here and is written when it comes back. Heartbeats come first: before each
batch of output and each end.
"""

import logging
import os
import selectors
import socket
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from django.db import connection

from jobs.execution.backlog import Backlog
from jobs.execution.heartbeats import Heartbeats
from jobs.execution.held_attempt import HeldAttempt
from jobs.execution.output import Piece
from jobs.execution.pending_ends import PendingEnd, PendingEnds
from jobs.ledger import cancellation, sessions, sql
from jobs.ledger.attempts import Outcome
from jobs.ledger.claims import Claim

log = logging.getLogger(__name__)

# How long to wait, in seconds, before the database is tried again.
RETRY = 1.0
# An idle connection is given back after this, in seconds: a small server has 35 of them.
IDLE = 60.0


class Writer:
    """Starts its thread with the first attempt that is held; the thread sleeps while none is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self._forked()

    def _forked(self) -> None:
        self._held: dict[tuple[int, int], HeldAttempt] = {}
        self._backlog = Backlog()
        self._pending_ends = PendingEnds(self.release)
        self._heartbeats = Heartbeats()
        self._listening = False
        self._away = False
        self._keeps_all = False

    def hold(self, claim: Claim, wake: Callable[[], None], asked_at: float | None = None) -> HeldAttempt:
        """Keep this attempt's lease alive until it is finished. `wake` is called when something about it changes.

        `asked_at` is when the claim was sent (clocks.since_boot).
        """
        held = HeldAttempt(claim, wake, asked_at)
        with self._lock:
            if self._owner != os.getpid():  # threads don't survive a fork
                self._forked()
                # Not before: what a module opens as it is imported is shared by all that is forked.
                self._wake, self._waker = socket.socketpair()
                self._waker.setblocking(False)
                self._owner = os.getpid()
                threading.Thread(target=self._run, name="jobs-writer", daemon=True).start()
            if not self._held:
                self._heartbeats.begin()
            self._held[held.key] = held
        self._ring()
        return held

    def release(self, held: HeldAttempt) -> None:
        """Hold the attempt no longer: it is fenced."""
        with self._lock:
            self._held.pop(held.key, None)

    def write(self, held: HeldAttempt, number: int, piece: Piece) -> None:
        """Write a piece of output soon."""
        self._backlog.add(held, number, piece)
        self._ring()

    def report(self, held: HeldAttempt, progress: dict[str, Any]) -> None:
        """Write the progress soon; a later one takes its place."""
        held.progress = progress
        self._ring()

    def finish(self, held: HeldAttempt, outcome: Outcome) -> PendingEnd:
        """Record the end, after all output. `recorded` of the answer gives what `attempts.finish` gives."""
        end = PendingEnd(held, outcome, Future())
        if self._away or self._keeps_all:
            self._pending_ends.keep(end)
        self._pending_ends.add(end)
        self._ring()
        return end

    def keep_ends(self, keep: bool = True) -> None:
        """The worker leaves, and the database may be away: keep the ends in the journal, those of now and to come."""
        self._keeps_all = keep
        if keep:
            self._pending_ends.keep_all()

    def _ring(self) -> None:
        with suppress(BlockingIOError):  # it is awake already
            self._waker.send(b"!")

    def _run(self) -> None:
        with sessions.ours():
            while True:
                try:
                    self._sleep()
                    self._turn()
                    self._away = False
                except sql.AWAY as error:
                    log.warning(
                        "the database can't be reached, trying each second; %d attempts wait for it: %s",
                        len(self._held),
                        str(error).strip(),
                    )
                    self._away = True
                    self._pause()
                except Exception:  # one bad row must not silence all other runs
                    log.exception("the writer failed, and tries again in %g s", RETRY)
                    self._pause()

    def _pause(self) -> None:
        self._disconnect()
        if self._away:
            self._pending_ends.keep_all()
        time.sleep(RETRY)
        self._ring()

    def _sleep(self) -> None:
        """Until there is something to do."""
        watched: list[Any] = [self._wake]
        moments = self._pending_ends.moments()
        if self._held:
            moments.append(self._heartbeats.due_at)
            if self._listening and connection.connection is not None:
                watched.append(connection.connection)
        timeout = max(0.0, min(moments) - time.monotonic()) if moments else IDLE
        # One that takes descriptors of any number, and needs none itself: the process may have none left.
        with selectors.PollSelector() as selector:
            for source in watched:
                selector.register(source, selectors.EVENT_READ)
            readable = [key.fileobj for key, _ in selector.select(timeout)]
        if self._wake in readable:
            self._wake.recv(4096)
        elif not readable and not moments:
            self._disconnect()

    def _turn(self) -> None:
        self._beat_if_due()
        self._write_output()
        while (end := self._pending_ends.next()) is not None:
            self._beat_if_due()
            # It may have come while something else was written, and its last output with it.
            self._write_output()
            self._pending_ends.record(end)
        if self._held:
            self._hear_cancellations()

    def _beat_if_due(self) -> None:
        self._heartbeats.beat_if_due(list(self._held.values()))

    def _write_output(self) -> None:
        # A backlog of output must not bring the fence nearer.
        self._backlog.write(list(self._held.values()), before_each=self._beat_if_due)

    def _hear_cancellations(self) -> None:
        if not self._listening:
            sql.execute(f"LISTEN {cancellation.CHANNEL}")
            self._listening = True
            # What was said before we listened.
            requested = cancellation.requested([run_id for run_id, _ in self._held])
        else:
            requested = []
        assert connection.connection is not None
        with connection.wrap_database_errors:
            requested += [int(notice.payload) for notice in connection.connection.notifies(timeout=0)]
        for held in list(self._held.values()):
            if held.claim.run_id in requested:
                held.cancelled = True
                held.wake()

    def _disconnect(self) -> None:
        self._listening = False
        with suppress(Exception):
            connection.close()


writer = Writer()
