"""What a run writes, by lines as a terminal shows them, each with a number that stays the same."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from jobs.ledger import sql
from jobs.reading.output.cursor import Cursor
from jobs.reading.output.pieces import Pieces
from jobs.reading.terminal_text import Segment, Terminal
from jobs.reading.transcript import output_of


@dataclass(frozen=True, slots=True)
class Line:
    """A line with its number in the attempt's output, from 1, and when the last of it was read.

    Both are None where a former release wrote it.
    """

    number: int | None
    segments: list[Segment]
    at: datetime | None = None

    @property
    def text(self) -> str:
        return "".join(segment.text for segment in self.segments)


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines of a part of the output. `unfinished` is the last one, if its end hasn't come.

    To go on, read from the piece's `again`, hand `style` on, and show what comes in place of `unfinished`.
    """

    finished: list[Line]
    unfinished: Line | None
    style: str


def lines_of(pieces: Pieces, style: str = "") -> Lines:
    """The lines of this part. `style` is that of the lines before, if it follows them."""
    terminal = Terminal(style)
    shown = [line for text, is_stderr in pieces.parts for line in terminal.feed(text, is_stderr)]
    numbers = (
        [None] * (len(shown) + 1) if pieces.line is None else list(range(pieces.line, pieces.line + len(shown) + 1))
    )
    style = terminal.style
    # What may begin an escape sequence is shown once no more can come.
    last = terminal.end() if pieces.complete else terminal.line
    *times, last_at = _times(pieces, numbers)
    finished = [Line(number, line, at) for number, line, at in zip(numbers, shown, times, strict=False)]
    return Lines(finished, Line(numbers[-1], last, last_at) if last else None, style)


def _times(pieces: Pieces, numbers: list[int] | list[None]) -> Iterator[datetime | None]:
    """Of each line when the piece was read that holds its end; a piece that begins with the line comes after it."""
    at, rest = None, list(reversed(pieces.times))
    for number in numbers:
        while number is not None and rest and rest[-1][0] < number:
            at = rest.pop()[1]
        yield at


def cursor_of_line(run_id: int, number: int, attempt: int | None = None) -> Cursor:
    """The place where a line begins; the end of what an attempt wrote, the latest unless named, where it has fewer.

    Two queries. Raises UnknownRun, UnknownAttempt or OutputDeleted.
    """
    found = output_of(run_id, attempt)
    if number <= 1:
        return Cursor(found.number)
    # The piece that holds the end of the line before.
    row = sql.row(
        """
        SELECT number, lines_before, body FROM nightshift_output
         WHERE attempt_id = %s AND lines_before < %s ORDER BY number DESC LIMIT 1
        """,
        [found.pk, number - 1],
    )
    if row is None:
        return Cursor(found.number)
    piece, before, body = row
    ends = (place for place, byte in enumerate(bytes(body), 1) if byte == 0x0A)
    for ended, place in zip(count(before + 1), ends, strict=False):
        if ended == number - 1:
            return Cursor(found.number, piece, place)
    return Cursor(found.number, piece + 1)
