"""What a run writes, as text: a part after a cursor, or before one."""

import codecs
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jobs.models import Run
from jobs.reading.output import chunks, window
from jobs.reading.output.cursor import Cursor
from jobs.reading.output.window import LIMIT, Window

UTF_8 = codecs.getincrementaldecoder("utf-8")


@dataclass(frozen=True, kw_only=True, slots=True)
class Pieces:
    """Text that one attempt wrote, in the order read, and how to go on from it.

    `attempt` is its number, 0 where none has started. Pass `next` on to read what follows, after `retry_after` seconds;
    that is None once `complete`: the run has ended, and all of it was read. `before` is where earlier text ends, None
    at the beginning. `again` is where the last line begins if it isn't finished yet, or its latest version if it was
    written over: read from there to show it whole. `line` is the number of the line in which the text begins, from 1;
    None where a former release wrote it, and didn't count lines. `times` say when what follows so many line ends was
    read. `notes` say what was dropped or deleted.
    """

    run: Run
    attempt: int
    parts: tuple[tuple[str, bool], ...]  # each with whether stderr wrote it
    line: int | None
    before: Cursor | None
    next: Cursor
    again: Cursor
    complete: bool
    retry_after: int | None
    times: tuple[tuple[int, datetime], ...]
    notes: list[str]

    @property
    def text(self) -> str:
        return "".join(text for text, _ in self.parts)

    @property
    def stderr(self) -> list[tuple[int, int]]:
        """Where in the text stderr stands: start and end, in characters."""
        found: list[tuple[int, int]] = []
        reached = 0
        for text, is_stderr in self.parts:
            if is_stderr:
                found.append((reached, reached + len(text)))
            reached += len(text)
        return found


def read_after(
    run_id: int, cursor: str | None = None, *, tail: int | None = None, attempt: int | None = None, limit: int = LIMIT
) -> Pieces:
    """Up to `limit` bytes after the cursor; without one from the first attempt on, or the last `tail` bytes.

    `attempt` is where to begin without a cursor: its beginning, or its tail; else the tail is of the latest.

    Bytes that are no UTF-8 are shown as �. A character whose bytes haven't all come is left for the next time. Raises
    UnreadableCursor, UnknownRun or UnknownAttempt.
    """
    if cursor is None and tail is not None:
        return _as_text(window.before(run_id, Cursor(attempt, *chunks.END) if attempt else None, tail))
    begin = Cursor(attempt or 1) if cursor is None else Cursor.of(cursor)
    return _as_text(window.after(run_id, begin, limit))


def read_before(run_id: int, cursor: str, *, limit: int = LIMIT) -> Pieces:
    """Up to `limit` bytes that end at the cursor, from the beginning of a line on. Raises as `read_after`."""
    return _as_text(window.before(run_id, Cursor.of(cursor), limit), ends_here=True)


def _as_text(found: Window, ends_here: bool = False) -> Pieces:
    parts, pending = decoded(found.parts(), is_final=ends_here or found.is_final)
    first = found.chunks[0] if found.chunks else None
    return Pieces(
        run=found.run,
        attempt=found.attempt.number if found.attempt else 0,
        parts=parts,
        line=1 if first is None else None if first.lines is None else first.lines + 1,
        before=found.start if first and (first.number, first.start) != (0, 0) else None,
        next=chunks.before_end(found.chunks, found.start.attempt, pending) if pending else found.next,
        again=_again(found),
        complete=found.complete,
        retry_after=found.retry_after,
        times=tuple((chunk.lines, chunk.at) for chunk in found.chunks if chunk.lines is not None),
        notes=found.notes(),
    )


def _again(found: Window) -> Cursor:
    body = b"".join(chunk.body for chunk in found.chunks).rstrip(b"\r")
    begun = max(body.rfind(b"\n"), body.rfind(b"\r")) + 1
    if begun or not found.at_end:
        # Of a line that is longer than the window its beginning is given up.
        return chunks.place(found.chunks, found.start.attempt, begun) if begun else found.next
    return found.start


def decoded(parts: Iterable[tuple[bytes, bool]], is_final: bool) -> tuple[tuple[tuple[str, bool], ...], int]:
    """Bytes of the two streams as text, and how many at the end begin a character of which more may come.

    Each stream is text by itself: what one writes may come between the bytes of the other's character.
    """
    decoders = {False: UTF_8("replace"), True: UTF_8("replace")}
    texts: list[tuple[str, bool]] = []
    last, alone = False, 0  # which stream wrote the last bytes, and how many
    for data, is_stderr in parts:
        _add(texts, decoders[is_stderr].decode(data), is_stderr)
        last, alone = is_stderr, len(data) + (alone if is_stderr is last else 0)
    held, _ = decoders[last].getstate()
    pending = 0 if is_final or len(held) > alone else len(held)
    for is_stderr in (not last, last):
        if is_stderr is not last or not pending:
            _add(texts, decoders[is_stderr].decode(b"", final=True), is_stderr)
    return tuple(texts), pending


def _add(texts: list[tuple[str, bool]], text: str, is_stderr: bool) -> None:
    if text and texts and texts[-1][1] is is_stderr:
        texts[-1] = (texts[-1][0] + text, is_stderr)
    elif text:
        texts.append((text, is_stderr))
