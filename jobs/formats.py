"""How commands and the admin say things: tables, durations, moments and sizes in words. Pure."""

import re
import shlex
import textwrap
import unicodedata
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta, tzinfo

UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"), (1, "s"))
NARROWEST = 8
GUTTER = "  "
NOTHING = "–"
# Categories of characters that take no column of a terminal: accents over the letter before, joiners.
NO_COLUMN = frozenset({"Mn", "Me", "Cf"})
# Colours and movements of a terminal (ECMA-48), titles and links (OSC), and what is left of them.
ESCAPE = re.compile(r"\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]|\x1b")
# What moves a terminal's cursor, and what turns the writing direction: a file's name could look like another.
CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]")


def table(
    headings: Sequence[str],
    rows: Sequence[Sequence[str]],
    width: int,
    paint: Callable[[str, str], str] = lambda heading, cell: cell,
) -> str:
    """Rows under headings in columns, each line at most `width` columns of a terminal wide.

    The widest columns give way first; a cell that was cut ends in "…". Where that isn't enough, each row becomes a
    block of lines. `paint` colours a cell of the column with this heading. What would move a cursor is left out.
    """
    lines = [[plain(cell) for cell in row] for row in (headings, *rows)]
    widths = [max(map(columns, column)) for column in zip(*lines, strict=True)]
    spare = width - len(GUTTER) * (len(widths) - 1)
    if sum(min(room, NARROWEST) for room in widths) > spare:
        return "\n\n".join(_block(lines[0], line, width, paint) for line in lines[1:])
    while sum(widths) > spare:
        widths[widths.index(max(widths))] -= 1
    head, *body = ([_fit(cell, room) for cell, room in zip(line, widths, strict=True)] for line in lines)
    painted = ([paint(*cell) for cell in zip(lines[0], line, strict=True)] for line in body)
    return "\n".join(GUTTER.join(line).rstrip() for line in (head, *painted))


def columns(text: str) -> int:
    """How many columns of a terminal the text takes: two for a wide character, none for a combining one."""
    if text.isascii():
        return len(text)
    return sum(
        0 if unicodedata.category(letter) in NO_COLUMN else 2 if unicodedata.east_asian_width(letter) in "WF" else 1
        for letter in text
    )


def _fit(cell: str, room: int) -> str:
    """The cell in exactly `room` columns."""
    taken = columns(cell)
    if taken > room:
        while columns(cell) > room - 1:
            cell = cell[:-1]
        cell = cell.rstrip() + "…"
        taken = columns(cell)
    return cell + " " * (room - taken)


def _block(headings: Sequence[str], cells: Sequence[str], width: int, paint: Callable[[str, str], str]) -> str:
    """One row, a line for each cell: what is too long for a line goes on in the next."""
    room = max(map(columns, headings))
    left = max(width - room - len(GUTTER), NARROWEST)
    lines = []
    for heading, cell in zip(headings, cells, strict=True):
        # textwrap counts characters, and none is wider than two columns.
        first, *rest = textwrap.wrap(cell, left // 2 if columns(cell) > len(cell) else left) or [""]
        lines.append((_fit(heading, room) + GUTTER + paint(heading, first)).rstrip())
        lines += [" " * room + GUTTER + more for more in rest]
    return "\n".join(lines)


def plain(text: str) -> str:
    """The text on one line, without what would move a terminal's cursor or change its colours."""
    return "".join(letter if letter.isprintable() else " " for letter in text)


def as_shown(text: str) -> str:
    """The text as a terminal leaves it, without colours: of a line that was written again and again, the last."""
    lines = ESCAPE.sub("", text).replace("\r\n", "\n").split("\n")
    last = (next((part for part in reversed(line.split("\r")) if part.strip()), "") for line in lines)
    return "\n".join(CONTROL.sub("", line) for line in last)


def shorten(text: str, length: int) -> str:
    """The text, cut to `length` characters with "…" at its end where it is longer."""
    return text if len(text) <= length else text[: length - 1].rstrip() + "…"


def format_duration(duration: timedelta | None) -> str:
    """A duration in its two largest units: 0.45 s, 3 min 20 s, 2 h 5 min. A dash for None.

    One below zero is none: a clock was set back meanwhile.
    """
    if duration is None:
        return NOTHING
    seconds = max(duration.total_seconds(), 0.0)
    if seconds < 10:
        return f"{seconds:.2f}".rstrip("0").rstrip(".") + " s"
    return _largest(seconds, 2)


def relative(moment: datetime | None, now: datetime) -> str:
    """A moment as seen from another: "3 min ago", "in 2 d", "now". A dash for None."""
    if moment is None:
        return NOTHING
    seconds = (moment - now).total_seconds()
    if abs(seconds) < 1:
        return "now"
    distance = _largest(abs(seconds), 1)
    return f"in {distance}" if seconds > 0 else f"{distance} ago"


def clock(moment: datetime | None, now: datetime) -> str:
    """A moment by the clock of `now`'s zone: 16:15:00 on the same day, 2026-01-31 16:15 on others. A dash for None."""
    if moment is None:
        return NOTHING
    local = moment.astimezone(now.tzinfo)
    return f"{local:%H:%M:%S}" if local.date() == now.date() else f"{local:%Y-%m-%d %H:%M}"


def local_time(moment: datetime, zone: tzinfo) -> str:
    """A moment by a zone's clock, with the offset that tells two hours of the same name apart."""
    return f"{moment.astimezone(zone):%a %Y-%m-%d %H:%M:%S %:z}"


def utc_time(moment: datetime) -> str:
    """A moment in UTC: 2026-10-25 00:30:00Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%SZ}"


def size(count: int) -> str:
    """A number of bytes: 512 B, 64 KiB, 1.5 MiB."""
    if count < 1024:
        return f"{count} B"
    amount, unit = count / 1024, "KiB"
    for larger in ("MiB", "GiB", "TiB"):
        if amount < 1024:
            break
        amount, unit = amount / 1024, larger
    return f"{amount:.1f}".removesuffix(".0") + f" {unit}"


def command_line(words: Sequence[str]) -> str:
    """Arguments as one would type them in a shell."""
    return shlex.join(words)


def counted(count: int, noun: str) -> str:
    """1 run, 2 runs, 1,000,000 runs."""
    return f"{count:,} {noun}" + ("" if count == 1 else "s")


def _largest(seconds: float, units: int) -> str:
    """The duration in its largest units that aren't zero, rounded down."""
    words: list[str] = []
    rest = int(seconds)
    for length, unit in UNITS:
        amount, rest = divmod(rest, length)
        if amount or words:
            words.append(f"{amount} {unit}")
        if len(words) == units:
            break
    return " ".join(word for word in words if not word.startswith("0 ")) or "0 s"
