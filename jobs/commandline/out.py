"""Where a command's words go: what was asked for to stdout, what is said beside it to stderr."""

import json
import os
import shutil
import sys
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

from jobs.formats import table

# Where the output goes to a file or a pipe, which has no width.
DEFAULT_WIDTH = 120


class Colour(StrEnum):
    """Of a terminal (ECMA-48)."""

    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    CYAN = "36"


# By the first word of a cell in one of these columns.
COLUMNS = frozenset({"STATUS", "LAST RUN", "NEXT RUN", "WHAT", "OUTCOME"})
OF_WORDS = {
    "succeeded": Colour.GREEN,
    "running": Colour.CYAN,
    "queued": Colour.CYAN,
    "paused": Colour.YELLOW,
    "disabled": Colour.YELLOW,
    "skipped": Colour.YELLOW,
    "cancelled": Colour.YELLOW,
    "missed": Colour.RED,
    "failed": Colour.RED,
    "timed_out": Colour.RED,
    "lost": Colour.RED,
    "refused": Colour.RED,
}


class Stream(Protocol):
    def write(self, text: str, /) -> Any: ...

    def isatty(self) -> bool: ...


def has_colours(stream: Stream, *, no_color: bool = False, force_color: bool = False) -> bool:
    """Whether to write colours to the stream: on a terminal, unless NO_COLOR (https://no-color.org) or TERM forbids."""
    if no_color or force_color:
        return force_color
    return not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb" and stream.isatty()


class Out:
    """A command's two streams."""

    def __init__(
        self,
        stdout: Stream,
        stderr: Stream,
        *,
        no_color: bool = False,
        force_color: bool = False,
        local: Callable[[datetime], datetime] = lambda moment: moment,
    ) -> None:
        """`local` puts a moment into the zone in which JSON has it."""
        self._stdout, self._stderr, self._local = stdout, stderr, local
        self._coloured = {
            id(stream): has_colours(stream, no_color=no_color, force_color=force_color) for stream in (stdout, stderr)
        }

    def say(self, text: str, colour: Colour | None = None) -> None:
        self._write(self._stdout, text, colour)

    def remark(self, text: str, colour: Colour | None = None) -> None:
        """Say it on stderr: beside what was asked for, not in it."""
        self._write(self._stderr, text, colour)

    def show(self, data: bytes, is_stderr: bool) -> bool:
        """Bytes as they are, to the process's own streams. False where nobody reads any more (`| head`)."""
        stream = sys.stderr if is_stderr else sys.stdout
        try:
            stream.flush()
            stream.buffer.write(data)
            stream.buffer.flush()
        except BrokenPipeError:
            # What the stream still holds would be complained about when Python ends.
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
            return False
        return True

    def json(self, found: Any) -> None:
        self.say(as_json(found, self._local))

    def table(self, headings: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
        """The rows as wide as the terminal."""
        width = shutil.get_terminal_size((DEFAULT_WIDTH, 24)).columns
        paint = _painted if self._coloured[id(self._stdout)] else _plainly
        self.say(table(headings, rows, width, paint))

    def rows(
        self,
        format: str,
        found: Sequence[Mapping[str, Any]],
        headings: Sequence[str],
        cells: Callable[[Any], Sequence[str]],
        nothing: str,
    ) -> None:
        """What was found, as --format says: JSON, or a table with the cells of each; or the sentence for nothing."""
        if format == "json":
            self.json(found)
        elif found:
            self.table(headings, [cells(row) for row in found])
        else:
            self.say(nothing)

    def _write(self, stream: Stream, text: str, colour: Colour | None) -> None:
        stream.write((_coloured(text, colour) if colour and self._coloured[id(stream)] else text) + "\n")


def as_json(found: Any, local: Callable[[datetime], datetime]) -> str:
    """One JSON text. Moments are written as the API writes them."""

    def moment(value: datetime) -> str:
        return local(value).isoformat().replace("+00:00", "Z")

    return json.dumps(found, default=moment, indent=2, ensure_ascii=False)


def _plainly(heading: str, cell: str) -> str:
    return cell


def _painted(heading: str, cell: str) -> str:
    first = cell.split(" ", 1)[0].lower()
    return _coloured(cell, OF_WORDS[first]) if heading in COLUMNS and first in OF_WORDS else cell


def _coloured(text: str, colour: Colour) -> str:
    words = text.rstrip()
    return f"\x1b[{colour}m{words}\x1b[0m{text[len(words) :]}"
