"""Output and progress on their way to the ledger. What the database refuses is lost alone, and the log says so."""

import logging
from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

from django.db import DataError, IntegrityError, NotSupportedError, ProgrammingError

from jobs.execution.held_attempt import HeldAttempt
from jobs.execution.output import Piece
from jobs.ledger import progress, sql

log = logging.getLogger(__name__)

# How many bytes of output go into one statement.
BATCH = 1024 * 1024
# What comes of the data itself, or of the statement: it would come again.
REFUSED = (DataError, IntegrityError, NotSupportedError, ProgrammingError, OverflowError, TypeError, ValueError)


class Backlog:
    """Pieces of output that wait to be written, in the order in which they came."""

    def __init__(self) -> None:
        self._pieces: deque[tuple[HeldAttempt, int, Piece]] = deque()

    def add(self, held: HeldAttempt, number: int, piece: Piece) -> None:
        """Any thread may call it."""
        self._pieces.append((held, number, piece))

    def write(self, held: Iterable[HeldAttempt], before_each: Callable[[], None]) -> None:
        """Write all pieces, calling `before_each` batch, and the latest progress of the attempts that are held."""
        try:
            while self._pieces:
                before_each()
                batch = self._batch()
                _write_what_is_taken(_insert, batch, lambda entry: (entry[0], "a piece of its output"))
                for _ in batch:
                    self._pieces.popleft()
            _write_progress(held)
        except sql.Busy as error:
            log.warning("output waits in memory until it can be written: %s", error)

    def _batch(self) -> list[tuple[HeldAttempt, int, Piece]]:
        batch: list[tuple[HeldAttempt, int, Piece]] = []
        size = 0
        for entry in list(self._pieces):
            batch.append(entry)
            size += len(entry[2].body)
            if size >= BATCH:
                break
        return batch


def _insert(pieces: list[tuple[HeldAttempt, int, Piece]]) -> None:
    # A batch whose acknowledgement was lost comes again; an attempt that was deleted must not stop the others.
    values = ", ".join(["(%s::bigint, %s::int, %s::timestamptz, %b::bytea, %s::int[], %s::int)"] * len(pieces))
    sql.execute(
        f"""
        INSERT INTO nightshift_output (attempt_id, number, at, body, stderr, lines_before)
        SELECT new.* FROM (VALUES {values}) AS new(attempt, number, at, body, stderr, lines_before)
         WHERE EXISTS (SELECT FROM nightshift_attempt WHERE id = new.attempt)
            ON CONFLICT DO NOTHING
        """,  # noqa: S608 — only the number of rows differs
        [
            value
            for held, number, piece in pieces
            for value in (held.claim.attempt_id, number, piece.at, bytes(piece.body), piece.stderr, piece.lines_before)
        ],
        prepare=len(pieces) == 1,
    )


def _write_progress(held: Iterable[HeldAttempt]) -> None:
    reports = []
    for attempt in held:
        report, attempt.progress = attempt.progress, None
        if report is not None:
            reports.append((attempt, report))
    if reports:
        _write_what_is_taken(_update_progress, reports, lambda report: (report[0], "its progress"))


def _update_progress(reports: list[tuple[HeldAttempt, dict[str, Any]]]) -> None:
    progress.write([(*held.key, report) for held, report in reports])


def _write_what_is_taken[T](
    write: Callable[[list[T]], None], entries: list[T], name: Callable[[T], tuple[HeldAttempt, str]]
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
