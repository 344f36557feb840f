"""Words looked for in what an attempt wrote, in steps that are bounded by bytes and by time."""

import time
from collections.abc import Iterator
from dataclasses import dataclass

from jobs.formats import as_shown, plain, shorten
from jobs.reading.output import chunks
from jobs.reading.output.chunks import Chunk
from jobs.reading.output.cursor import Cursor
from jobs.reading.transcript import output_of
from jobs.sentences import Sentence

# How much one search reads, how long it takes, in seconds, and how many lines it gives, at most.
BYTES = 16 * 1024 * 1024
SECONDS = 1.0
LINES = 200
STEP = 1024 * 1024
LONGEST = 500
# How many characters of a line are shown before and after what was found.
BEFORE, AFTER = 100, 300


class Unsearchable(Sentence, ValueError):
    """Write what to look for: up to 500 characters on one line."""


@dataclass(frozen=True, slots=True)
class Match:
    """A line that holds what was looked for, `count` times. `text` is the line as shown, or a part of it.

    `number` is None where a former release wrote the line. `at` is where it begins.
    """

    number: int | None
    at: Cursor
    count: int
    text: str


@dataclass(frozen=True, slots=True)
class Found:
    """What one search found. `next` is where the next one goes on; None where there is no more output."""

    matches: list[Match]
    next: Cursor | None


def find(run_id: int, needle: str, cursor: str | None = None, *, attempt: int | None = None) -> Found:
    """Lines of an attempt, the latest unless named, that hold the needle: of any case, if it has no capital letter.

    Two queries, and one for each MiB. Raises Unsearchable, UnreadableCursor, UnknownRun, UnknownAttempt, OutputDeleted.
    """
    if not needle or len(needle) > LONGEST or "\n" in needle:
        raise Unsearchable
    place = None if cursor is None else Cursor.of(cursor)
    searched = output_of(run_id, place.attempt if place else attempt)
    place = place or Cursor(searched.number)
    matches: list[Match] = []
    read, until = 0, time.monotonic() + SECONDS
    while read < BYTES and time.monotonic() < until:
        step = chunks.forward(searched.pk, place, STEP)
        size = sum(len(chunk.body) for chunk in step)
        is_last = size < STEP and len(step) < chunks.PIECES
        whole = size if is_last else _whole_lines(step)
        for match in _matches(step, place.attempt, needle, whole):
            if len(matches) == LINES:
                return Found(matches, match.at)
            matches.append(match)
        if is_last:
            return Found(matches, None)
        read += size
        # Parts of a line that has no end share as much as the needle may need.
        shared = len(needle.encode()) - 1 if whole == size and not _body(step).endswith(b"\n") else 0
        place = chunks.place(step, place.attempt, whole - shared)
    return Found(matches, place)


def _whole_lines(step: list[Chunk]) -> int:
    """How many bytes of a step are lines with their ends; all of it, where half of it or more is one line."""
    body = _body(step)
    ended = body.rfind(b"\n") + 1
    return ended if ended > STEP // 2 else len(body)


def _matches(step: list[Chunk], attempt: int, needle: str, size: int) -> Iterator[Match]:
    lines = _body(step)[:size].split(b"\n")
    any_case = needle == needle.lower()
    begin = 0
    for place, line in enumerate(lines):
        text = line.decode(errors="replace")
        if "\x1b" in text or "\r" in text:
            text = as_shown(text)
        if found := (text.lower() if any_case else text).count(needle):
            number = None if step[0].lines is None else step[0].lines + place + 1
            yield Match(number, chunks.place(step, attempt, begin), found, _part(text, needle, any_case))
        begin += len(line) + 1


def _part(text: str, needle: str, any_case: bool) -> str:
    place = (text.lower() if any_case else text).find(needle)
    start = max(place - BEFORE, 0)
    return ("…" if start else "") + shorten(plain(text[start:]), BEFORE + AFTER)


def _body(step: list[Chunk]) -> bytes:
    return b"".join(chunk.body for chunk in step)
