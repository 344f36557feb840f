"""What an attempt writes, on its way from the pipes to the ledger: masked, cut in pieces, bounded."""

import re
import time
from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from jobs.execution.searching import Search
from jobs.masking import Masker

PIECE = 64 * 1024
# How long, in seconds, what was read may wait for more before it is shown.
DELAY = 1.0
# A warning of a logger (WARNING, WARN) or of Python's warnings module (DeprecationWarning: …).
WARNING = re.compile(rb"W(?:ARN(?:ING)?\b|arning: )")


def warnings_in(text: bytes) -> int:
    """How many of its lines warn."""
    count, start = 0, 0
    while found := WARNING.search(text, start):
        count += 1
        start = text.find(b"\n", found.end())
        if start < 0:
            break
    return count


@dataclass(slots=True)
class Piece:
    """Bytes as read, with where in them stderr stands (start, end, start, end …), and how many lines end before."""

    at: datetime
    body: bytearray = field(default_factory=bytearray)
    stderr: list[int] = field(default_factory=list)
    lines_before: int = 0

    def add(self, data: bytes, is_stderr: bool) -> None:
        start = len(self.body)
        self.body += data
        if is_stderr:
            if self.stderr and self.stderr[-1] == start:
                self.stderr[-1] = len(self.body)
            else:
                self.stderr += [start, len(self.body)]


class Recorder:
    """Takes what was read from the two pipes and gives pieces to `write(number, piece)`.

    Of more than `limit` bytes it keeps the first half and the last, and counts what it dropped between them. The first
    half is written as it comes; the last is known when the attempt ends.
    """

    def __init__(
        self, write: Callable[[int, Piece], None], limit: int, secrets: Iterable[str], search: Search | None = None
    ) -> None:
        secrets = list(secrets)
        self.search = search or Search()
        self._write = write
        self._head = self._tail = limit // 2
        self._maskers = {False: Masker(secrets), True: Masker(secrets)}
        self._piece: Piece | None = None
        self._piece_began = 0.0
        self._number = self._lines = 0
        self._last: deque[Piece] = deque()
        self._last_size = 0
        self.bytes = self.warnings = 0
        self.dropped = 0

    @property
    def flush_at(self) -> float | None:
        """When (time.monotonic) the current piece is due to be written; None where there is none."""
        return self._piece_began + DELAY if self._piece else None

    def feed(self, data: bytes, is_stderr: bool) -> bytes:
        """Take what was read. Gives back what of it may be shown at once."""
        self.bytes += len(data)
        shown = self._maskers[is_stderr].feed(data)
        self._add(shown, is_stderr)
        self.search.feed(shown, is_stderr)
        return shown

    def flush(self) -> None:
        """Write the piece at hand."""
        piece, self._piece = self._piece, None
        if piece is None:
            return
        if self._head > 0:
            self._head -= len(piece.body)
            self._put(piece)
            return
        self._last.append(piece)
        self._last_size += len(piece.body)
        while self._last_size - len(self._last[0].body) >= self._tail:
            self._last_size -= len(self._last[0].body)
            self.dropped += len(self._last.popleft().body)

    def note(self, text: str) -> None:
        """Add a line of ours, in brackets."""
        self._add(f"\n[{text}]\n".encode(), True)

    def end(self) -> list[tuple[bytes, bool]]:
        """Write all that is left. Gives back what of it was held until now, each with whether it is stderr's."""
        held = [(masker.end(), is_stderr) for is_stderr, masker in self._maskers.items()]
        for data, is_stderr in held:
            self._add(data, is_stderr)
            self.search.feed(data, is_stderr)
        self.flush()
        if self.dropped:
            note = Piece(at=datetime.now(UTC))
            note.add(f"\n[… {self.dropped:,} bytes were dropped here …]\n".encode(), True)
            self._put(note)
        for piece in self._last:
            self._put(piece)
        self._last.clear()
        return held

    def _add(self, data: bytes, is_stderr: bool) -> None:
        self.warnings += warnings_in(data)
        while data:
            if self._piece is None:
                self._piece = Piece(at=datetime.now(UTC))
                self._piece_began = time.monotonic()
            room = PIECE - len(self._piece.body)
            self._piece.add(data[:room], is_stderr)
            data = data[room:]
            if len(self._piece.body) >= PIECE:
                self.flush()

    def _put(self, piece: Piece) -> None:
        piece.lines_before = self._lines
        self._write(self._number, piece)
        self._number += 1
        self._lines += piece.body.count(b"\n")
