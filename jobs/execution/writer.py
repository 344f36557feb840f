"""One thread and one connection a worker write all heartbeats and output, and how attempts ended.

While the database is away, everything waits here and is written when it comes back. Heartbeats come first: before each
batch of output and each end. An end whose rows another session has locked is tried again later, and holds up no other.
"""

import logging
import os
import selectors
import socket
import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db import DataError, IntegrityError, NotSupportedError, ProgrammingError, connection

from jobs.execution import journal
from jobs.execution.output import Piece
from jobs.ledger import cancellation, endings, leases, progress, sessions, sql, timing
from jobs.ledger.claims import Claim
from jobs.ledger.endings import Ended, Outcome

log = logging.getLogger(__name__)

# How many bytes of output go into one statement.
BATCH = 1024 * 1024
# How long to wait, in seconds, before the database is tried again.
RETRY = 1.0
# An idle connection is given back after this, in seconds: a small server has 35 of them.
IDLE = 60.0
# What comes of the data itself, or of the statement: it would come again.
REFUSED = (DataError, IntegrityError, NotSupportedError, ProgrammingError, OverflowError, TypeError, ValueError)


class Held:
    """An attempt that this worker holds, as its supervisor and the writer both see it."""

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


class Writer:
    """Starts its thread with the first attempt that is held; the thread sleeps while none is."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._owner = 0
        self._forked()

    def _forked(self) -> None:
        self._held: dict[tuple[int, int], Held] = {}
        self._pieces: deque[tuple[Held, int, Piece]] = deque()
        self._ends: list[End] = []
        self._heartbeat_at = 0.0
        self._listening = False
        self._away = False
        self._keeps_all = False

    def hold(self, claim: Claim, wake: Callable[[], None], asked_at: float | None = None) -> Held:
        """Keep this attempt's lease alive until it is finished. `wake` is called when something about it changes.

        `asked_at` is when the claim was sent (timing.since_boot).
        """
        held = Held(claim, wake, asked_at)
        with self._lock:
            if self._owner != os.getpid():  # threads don't survive a fork
                self._forked()
                # Not before: what a module opens as it is imported is shared by all that is forked.
                self._wake, self._waker = socket.socketpair()
                self._waker.setblocking(False)
                self._owner = os.getpid()
                threading.Thread(target=self._run, name="jobs-writer", daemon=True).start()
            if not self._held:
                self._heartbeat_at = time.monotonic() + timing.HEARTBEAT.total_seconds()
            self._held[held.key] = held
        self._ring()
        return held

    def release(self, held: Held) -> None:
        """Hold the attempt no longer: it is fenced."""
        with self._lock:
            self._held.pop(held.key, None)

    def write(self, held: Held, number: int, piece: Piece) -> None:
        """Write a piece of output soon."""
        self._pieces.append((held, number, piece))
        self._ring()

    def report(self, held: Held, progress: dict[str, Any]) -> None:
        """Write the progress soon; a later one takes its place."""
        held.progress = progress
        self._ring()

    def finish(self, held: Held, outcome: Outcome) -> End:
        """Record the end, after all output. `recorded` of the answer gives what `transitions.finish` gives."""
        end = End(held, outcome, Future())
        if self._away or self._keeps_all:
            self._keep(end)
        self._ends.append(end)
        self._ring()
        return end

    def keep_ends(self, keep: bool = True) -> None:
        """The worker leaves, and the database may be away: keep the ends in the journal, those of now and to come."""
        self._keeps_all = keep
        for end in list(self._ends) if keep else []:
            self._keep(end)

    def _keep(self, end: End) -> None:
        if not end.kept:
            end.unsure = end.kept = journal.keep(end.held.claim, end.outcome)

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
                    log.warning("the database is away, %d attempts wait: %s", len(self._held), str(error).strip())
                    self._away = True
                    self._pause()
                except Exception:  # one bad row must not silence all other runs
                    log.exception("the writer stumbled")
                    self._pause()

    def _pause(self) -> None:
        self._disconnect()
        for end in list(self._ends) if self._away else []:
            self._keep(end)
        time.sleep(RETRY)
        self._ring()

    def _sleep(self) -> None:
        """Until there is something to do."""
        watched: list[Any] = [self._wake]
        moments = [end.not_before for end in list(self._ends)]
        if self._held:
            moments.append(self._heartbeat_at)
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
        while (end := self._next_end()) is not None:
            self._beat_if_due()
            # It may have come while something else was written, and its last output with it.
            self._write_output()
            self._write_end(end)
        if self._held:
            self._hear_cancellations()

    def _write_output(self) -> None:
        try:
            self._write_pieces()
            self._write_progress()
        except sql.Busy as error:
            log.warning("output waits: %s", error)

    def _write_pieces(self) -> None:
        while self._pieces:
            # A backlog of output must not bring the fence nearer.
            self._beat_if_due()
            batch: list[tuple[Held, int, Piece]] = []
            size = 0
            for entry in list(self._pieces):
                batch.append(entry)
                size += len(entry[2].body)
                if size >= BATCH:
                    break
            _write_what_is_taken(_insert, batch, lambda entry: (entry[0], "a piece of its output"))
            for _ in batch:
                self._pieces.popleft()

    def _write_progress(self) -> None:
        reports = []
        for held in list(self._held.values()):
            progress, held.progress = held.progress, None
            if progress is not None:
                reports.append((held, progress))
        if reports:
            _write_what_is_taken(_update_progress, reports, lambda report: (report[0], "its progress"))

    def _beat_if_due(self) -> None:
        if self._held and time.monotonic() >= self._heartbeat_at:
            try:
                self._beat()
            except sql.Busy as error:
                self._heartbeat_at = time.monotonic() + RETRY
                log.warning("heartbeats wait: %s", error)

    def _beat(self) -> None:
        held = list(self._held.values())
        sent_at, sent_since_boot = time.monotonic(), timing.since_boot()
        renewed = leases.renew([attempt.key for attempt in held])
        missing = [attempt.key for attempt in held if attempt.key not in renewed]
        locked = leases.still_ours(missing) if missing else set()
        self._heartbeat_at = sent_at + timing.HEARTBEAT.total_seconds()
        if locked:
            log.warning("no heartbeat, their rows are locked by another session: %s", sorted(locked))
            self._heartbeat_at = sent_at + min(RETRY, timing.HEARTBEAT.total_seconds())
        for attempt in held:
            if attempt.key in renewed:
                attempt.acknowledged_at = sent_since_boot
                attempt.cancelled |= renewed[attempt.key]
            elif attempt.key not in locked:
                attempt.gone = True
            # Its guardian has to know of each heartbeat too.
            attempt.wake()

    def _next_end(self) -> End | None:
        """The end to be recorded now: a new one before those that wait for locked rows."""
        end = min(list(self._ends), key=lambda end: end.not_before, default=None)
        return end if end is not None and end.not_before <= time.monotonic() else None

    def _write_end(self, end: End) -> None:
        claim = end.held.claim
        try:
            ended = endings.finish(claim, end.outcome)
            if ended is None and end.unsure:
                ended = endings.already_finished(claim, end.outcome)
        except sql.AWAY:
            end.unsure = True
            raise
        except sql.Busy as error:
            end.not_before = time.monotonic() + timing.LOCK_WAIT.total_seconds()
            log.warning("run=%s job=%s: its end waits. %s", claim.run_id, claim.job, error)
            return
        except Exception as error:  # noqa: BLE001 — handed to the supervisor, which waits for it
            self._dismiss(end)
            end.recorded.set_exception(error)
            return
        self._dismiss(end)
        end.recorded.set_result(ended)

    def _dismiss(self, end: End) -> None:
        self._ends.remove(end)
        self.release(end.held)
        if end.kept:
            journal.drop(end.held.claim)

    def _hear_cancellations(self) -> None:
        if not self._listening:
            sql.execute(f"LISTEN {cancellation.CHANNEL}")
            self._listening = True
            # What was said before we listened.
            requested = cancellation.requested([run for run, _ in self._held])
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


def _insert(pieces: list[tuple[Held, int, Piece]]) -> None:
    # A batch whose acknowledgement was lost comes again; an attempt that was deleted must not stop the others.
    values = ", ".join(["(%s::bigint, %s::int, %s::timestamptz, %b::bytea, %s::int[])"] * len(pieces))
    sql.execute_beside(
        f"""
        INSERT INTO nightshift_output (attempt_id, number, at, body, stderr)
        SELECT new.* FROM (VALUES {values}) AS new(attempt, number, at, body, stderr)
         WHERE EXISTS (SELECT FROM nightshift_attempt WHERE id = new.attempt)
            ON CONFLICT DO NOTHING
        """,  # noqa: S608 — only the number of rows differs
        [
            value
            for held, number, piece in pieces
            for value in (held.claim.attempt_id, number, piece.at, bytes(piece.body), piece.stderr)
        ],
    )


def _update_progress(reports: list[tuple[Held, dict[str, Any]]]) -> None:
    progress.write([(*held.key, report) for held, report in reports])


def _write_what_is_taken[T](
    write: Callable[[list[T]], None], entries: list[T], name: Callable[[T], tuple[Held, str]]
) -> None:
    """Write all entries at once; where the database refuses that each by itself, without those that it refuses."""
    try:
        write(entries)
    except REFUSED as refusal:
        if len(entries) > 1:
            for entry in entries:
                _write_what_is_taken(write, [entry], name)
            return
        held, what = name(entries[0])
        reason = str(refusal).strip()
        log.error("run=%s attempt=%s: %s is lost, since the database refused it: %s", *held.key, what, reason)


writer = Writer()
