"""Output as a terminal shows it: lines of text with classes, for a template that escapes the text itself.

Colours and weights become classes. What a carriage return, a backspace or an erased line makes of a progress bar is
shown, other escape sequences are left out, and what would harm a reader or a page (control characters, changes of the
writing direction, what can't be seen) stands there by its name. A terminal's columns are counted by characters.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import NamedTuple

from jobs.reading.terminal_style import PLAIN, Style

# The sequences that a terminal knows: with parameters (CSI), titles and links (OSC and the like), and others.
SEQUENCE = re.compile(
    r"\x1b(?:\[(?P<parameters>[0-?]{0,64})[ -/]{0,8}(?P<final>[@-~])"
    r"|[\]PX^_][^\x07\x1b\n]{0,4096}(?:\x07|\x1b\\)"
    r"|[ -/]{0,8}(?![\[\]PX^_])[0-~])"
)
# The beginning of one, of which the rest may come.
BEGUN = re.compile(r"\x1b(?:\[[0-?]{0,64}[ -/]{0,8}|[\]PX^_][^\x07\x1b\n]{0,4096}\x1b?|[ -/]{0,8})?")
# What isn't shown as it is: control characters, marks of the writing direction, separators, and what has no width.
UNSEEN = (
    r"\x00-\x1f\x7f-\x9f\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff\ufeff\ufff9-\ufffb"
    r"\U000e0000-\U000e007f"
)
SEEN = re.compile(f"[^{UNSEEN}]")
TOKEN = re.compile(rf"{SEEN.pattern}+|[{UNSEEN}]")
TAB = 8
# From here on a tab is a space: a page of them would be eight times as large.
TABS_END = 10_000
STDERR = "stderr"
UNSEEN_CLASS = "ansi-unseen"
COLOURS = re.compile(r"[0-9;:]{0,64}")


class Segment(NamedTuple):
    """Text that is shown alike, and the names of its CSS classes."""

    text: str
    classes: tuple[str, ...]


@dataclass(slots=True, frozen=True)
class _Look:
    style: Style = PLAIN
    is_stderr: bool = False
    is_unseen: bool = False

    def classes(self) -> tuple[str, ...]:
        return (
            *((STDERR,) if self.is_stderr else ()),
            *self.style.classes(),
            *((UNSEEN_CLASS,) if self.is_unseen else ()),
        )


class Terminal:
    """Takes output in parts of any size, and gives lines. `style`: what `style` was of the terminal before."""

    def __init__(self, style: str = "") -> None:
        self._look = _Look(PLAIN.changed(style) if COLOURS.fullmatch(style) else PLAIN)
        self._rest = ""
        self._begin_line()

    def feed(self, text: str, is_stderr: bool = False) -> list[list[Segment]]:
        """Take a part of the output. Gives the lines that it completes."""
        text, self._rest = self._rest + text, ""
        if self._look.is_stderr is not is_stderr:
            self._look = _Look(self._look.style, is_stderr)
        lines: list[list[Segment]] = []
        place = 0
        while place < len(text):
            if text[place] == "\x1b":
                if BEGUN.fullmatch(text, place):
                    self._rest = text[place:]
                    break
                place = self._escape(text, place)
                continue
            token = TOKEN.match(text, place)
            assert token is not None
            place = token.end()
            if token[0] == "\n":
                lines.append(self.line)
                self._begin_line()
            else:
                self._take(token[0])
        return lines

    def end(self) -> list[Segment]:
        """The last line, with what may have begun an escape sequence."""
        rest, self._rest = self._rest, ""
        for character in rest:
            self._take(character)
        return self.line

    @property
    def line(self) -> list[Segment]:
        """The line at hand, as it is so far."""
        pairs = groupby(zip(self._cells, self._looks, strict=True), key=lambda pair: pair[1])
        return [Segment("".join(cell for cell, _ in cells), look.classes()) for look, cells in pairs]

    @property
    def style(self) -> str:
        """The style after the last line end or carriage return, as text: who reads again from there begins with it."""
        return self._began.parameters() if self._began != PLAIN else ""

    def _begin_line(self) -> None:
        self._cells: list[str] = []
        self._looks: list[_Look] = []
        self._column = 0
        self._began = self._look.style

    def _escape(self, text: str, place: int) -> int:
        """Do what the escape sequence at this place says. Gives the place after it."""
        found = SEQUENCE.match(text, place)
        if found is None:
            self._take("\x1b")
            return place + 1
        parameters, final = found["parameters"] or "", found["final"]
        if final == "m" and COLOURS.fullmatch(parameters):
            self._look = _Look(self._look.style.changed(parameters), self._look.is_stderr)
        elif final == "K":
            self._erase(parameters)
        elif final == "G":
            self._column = min(max(int(parameters) - 1, 0) if parameters.isdecimal() else 0, len(self._cells))
        return found.end()

    def _erase(self, which: str) -> None:
        """Erase from the cursor to the end of the line, to its beginning (1), or all of it (2)."""
        if which == "1":
            blank = min(self._column + 1, len(self._cells))
            self._cells[:blank], self._looks[:blank] = [" "] * blank, [_Look()] * blank
        elif which in ("", "0"):
            del self._cells[self._column :], self._looks[self._column :]
        elif which == "2":  # the cursor stays where it was
            self._cells, self._looks = [], []

    def _take(self, token: str) -> None:
        match token:
            case "\r":
                self._column = 0
                self._began = self._look.style
            case "\b":
                self._column = max(self._column - 1, 0)
            case "\t":
                self._tab()
            case _ if SEEN.match(token):
                self._put(list(token), self._look)
            case _:
                self._put([_name(token)], _Look(self._look.style, self._look.is_stderr, is_unseen=True))

    def _tab(self) -> None:
        width = TAB - self._column % TAB if self._column < TABS_END else 1
        missing = self._column + width - len(self._cells)
        if missing > 0:
            self._cells += [" "] * missing
            self._looks += [self._look] * missing
        self._column += width

    def _put(self, cells: list[str], look: _Look) -> None:
        if missing := max(self._column - len(self._cells), 0):
            self._cells += [" "] * missing
            self._looks += [_Look()] * missing
        end = self._column + len(cells)
        self._cells[self._column : end] = cells
        self._looks[self._column : end] = [look] * len(cells)
        self._column = end


def segments(text: str) -> Iterator[list[Segment]]:
    """The lines of a text that is there as a whole."""
    terminal = Terminal()
    yield from terminal.feed(text)
    yield terminal.end()


def _name(character: str) -> str:
    """What stands for a character that isn't shown: ␀, or <U+202E>."""
    number = ord(character)
    if number < 0x20:
        return chr(0x2400 + number)
    return "␡" if number == 0x7F else f"<U+{number:04X}>"
