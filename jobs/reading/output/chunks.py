"""Bytes of one attempt's output, from pieces that lie side by side."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import batched

from jobs.ledger import sql
from jobs.reading.output.cursor import Cursor

# How many pieces one read looks at: a run that writes a few bytes a second makes many small ones.
PIECES = 4_000
# After all pieces.
END = (2**31 - 1, 0)


@dataclass(frozen=True, slots=True)
class Chunk:
    """What was read of a piece: `body` begins at its byte `start`. `lines` is how many line ends come before it.

    None where the piece was written by a release that didn't count them. `at` is when it was read from the pipe.
    """

    number: int
    size: int
    stderr: list[int]
    start: int
    body: bytes
    lines: int | None
    at: datetime

    def parts(self) -> Iterator[tuple[bytes, bool]]:
        """The bytes in their order, each with whether stderr wrote them."""
        reached = 0
        for begin, end in batched((max(place - self.start, 0) for place in self.stderr), 2, strict=True):
            yield self.body[reached:begin], False
            yield self.body[begin:end], True
            reached = end
        yield self.body[reached:], False


def forward(attempt_id: int, place: Cursor, limit: int) -> list[Chunk]:
    """Up to `limit` bytes from this place on. One query."""
    return _read(_FORWARD, attempt_id, place, limit)


def backward(attempt_id: int, place: Cursor, limit: int) -> list[Chunk]:
    """Up to `limit` bytes that end before this place. One query."""
    return _read(_BACKWARD, attempt_id, place, limit)


def without_first(chunks: list[Chunk], count: int) -> list[Chunk]:
    """The chunks without their first `count` bytes."""
    rest = list(chunks)
    while rest and count >= len(rest[0].body):
        count -= len(rest.pop(0).body)
    if rest and count:
        first = rest[0]
        lines = None if first.lines is None else first.lines + first.body[:count].count(b"\n")
        rest[0] = replace(first, start=first.start + count, body=first.body[count:], lines=lines)
    return rest


def place(chunks: list[Chunk], attempt: int, count: int) -> Cursor:
    """The place after the first `count` bytes of these chunks, which are some."""
    for chunk in chunks:
        if count < len(chunk.body):
            return Cursor(attempt, chunk.number, chunk.start + count)
        count -= len(chunk.body)
    last = chunks[-1]
    end = last.start + len(last.body)
    return Cursor(attempt, last.number, end) if end < last.size else Cursor(attempt, last.number + 1)


def before_end(chunks: list[Chunk], attempt: int, count: int) -> Cursor:
    """The place `count` bytes before the end of these chunks, which are some."""
    return place(chunks, attempt, sum(len(chunk.body) for chunk in chunks) - count)


def _read(statement: str, attempt_id: int, place: Cursor, limit: int) -> list[Chunk]:
    parameters = {
        "attempt": attempt_id,
        "piece": place.piece,
        "byte": place.byte,
        "limit": limit,
        "pieces": PIECES,
    }
    return [
        Chunk(number, size, stderr, start, bytes(body), lines, at)
        for number, size, stderr, start, body, lines, at in sql.rows(statement, parameters)
    ]


def _statement(order: str, first: str, start: str, stop: str, cut: str) -> str:
    # The innermost reads an index and no bodies: their lengths are known without. Only what is asked for is read.
    return f"""
        SELECT number, size, stderr, start, substring(body FROM start + 1 FOR stop - start),
               lines_before + CASE WHEN start = 0 THEN 0 ELSE
                   length(encode(substring(body FOR start), 'escape'))
                   - length(replace(encode(substring(body FOR start), 'escape'), E'\\n', '')) END, at
          FROM (
               SELECT number, size, stderr, body, lines_before, at, {cut}
                 FROM (
                      SELECT *, sum(stop - start) OVER (ORDER BY number {order}) - (stop - start) AS before
                        FROM (
                             SELECT number, body, stderr, lines_before, at, octet_length(body) AS size,
                                    {start} AS start, {stop} AS stop
                               FROM nightshift_output WHERE attempt_id = %(attempt)s AND {first}
                              ORDER BY number {order} LIMIT %(pieces)s
                        ) AS piece
                 ) AS piece
                WHERE before < %(limit)s
          ) AS piece
         ORDER BY number
        """  # noqa: S608 — its parts are fixed


_FORWARD = _statement(
    order="ASC",
    first="number >= %(piece)s",
    start="CASE WHEN number = %(piece)s THEN least(%(byte)s, octet_length(body)) ELSE 0 END",
    stop="octet_length(body)",
    cut="start, least(stop, start + %(limit)s - before)::int AS stop",
)
_BACKWARD = _statement(
    order="DESC",
    first="number <= %(piece)s",
    start="0",
    stop="CASE WHEN number = %(piece)s THEN least(%(byte)s, octet_length(body)) ELSE octet_length(body) END",
    cut="greatest(start, stop - %(limit)s + before)::int AS start, stop",
)
