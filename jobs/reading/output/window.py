"""A part of what a run writes, as bytes, with where it lies and when to ask for more."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import OuterRef, Subquery
from django.db.models.functions import Now

from jobs.choices import ENDED, AttemptStatus, Status
from jobs.formats import size
from jobs.models import Attempt, Output, Run
from jobs.reading.output import chunks
from jobs.reading.output.chunks import Chunk
from jobs.reading.output.cursor import Cursor
from jobs.reading.transcript import NeverStarted, OutputDeleted, UnknownAttempt, UnknownRun

# How many bytes one read gives unless told otherwise, and at most.
LIMIT = 64 * 1024
MOST = 1024 * 1024
# A character of UTF-8 is that long at most: a shorter window might never get on.
LEAST = 4
# For how long a run that runs has written nothing, and after how many seconds it is asked again then.
PACE = ((timedelta(seconds=10), 1), (timedelta(minutes=1), 2))
SLOWEST = 5
# After how many seconds a run that waits is asked again, at least and at most.
WAITING = (2, 10)


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """What was read of one attempt. `at_end`: there is no more of it yet. `complete`: there never will be.

    `start` and `next` are the places before and after. `retry_after` is in seconds; None once complete.
    """

    run: Run
    attempt: Attempt | None
    chunks: list[Chunk]
    start: Cursor
    next: Cursor
    at_end: bool
    complete: bool
    retry_after: int | None

    def parts(self) -> Iterator[tuple[bytes, bool]]:
        """The bytes in the order read, each with whether stderr wrote them."""
        for chunk in self.chunks:
            yield from ((data, is_stderr) for data, is_stderr in chunk.parts() if data)

    @property
    def is_final(self) -> bool:
        """Whether the attempt writes nothing after this."""
        return self.at_end and (self.attempt is None or self.attempt.status != AttemptStatus.RUNNING)

    def notes(self) -> list[str]:
        """What a reader should know of it, in sentences."""
        found: list[str] = []
        if self.attempt is None:
            return [str(NeverStarted(self.run, None))] if self.complete else found
        if self.attempt.output_deleted_at is not None:
            found.append(str(OutputDeleted(self.attempt)))
        elif self.attempt.output_dropped:
            written, dropped = size(self.attempt.output_bytes), size(self.attempt.output_dropped)
            found.append(
                f"Attempt {self.attempt.number} wrote {written}, more than its output_limit: {dropped} were dropped "
                "between beginning and end."
            )
        return found


def after(run_id: int, place: Cursor, limit: int = LIMIT) -> Window:
    """What comes after this place. After all of an attempt comes the next one.

    Three queries. Raises UnknownRun, or UnknownAttempt.
    """
    state = _State(run_id, place.attempt)
    attempt = state.reached(place)
    if attempt is not None and attempt.number != place.attempt:
        place = Cursor(attempt.number)
    return state.window(place, _chunks(chunks.forward, attempt, place, _bounded(limit)))


def before(run_id: int, place: Cursor | None = None, limit: int = LIMIT) -> Window:
    """What comes before this place, of the same attempt; None: the end of the latest attempt.

    It begins with a whole line, unless there is none. Three queries. Raises UnknownRun, or UnknownAttempt.
    """
    state = _State(run_id, place.attempt if place else 1)
    attempt = state.attempts[0 if place else -1] if state.attempts else None
    end = place or Cursor(attempt.number if attempt else 1, *chunks.END)
    limit = _bounded(limit)
    # The byte before says whether the window begins with a line.
    found = _from_a_line(_chunks(chunks.backward, attempt, end, limit + 1), limit)
    return state.window(Cursor(end.attempt) if end[1:] == chunks.END else end, found)


def _bounded(limit: int) -> int:
    return min(max(limit, LEAST), MOST)


def _chunks(read: Callable[[int, Cursor, int], list[Chunk]], attempt: Any, place: Cursor, limit: int) -> list[Chunk]:
    return [] if attempt is None or attempt.output_deleted_at is not None else read(attempt.pk, place, limit)


def _from_a_line(found: list[Chunk], limit: int) -> list[Chunk]:
    """Up to `limit` bytes from the beginning of a line on, or of a character where no other line begins."""
    body = b"".join(chunk.body for chunk in found)
    if not found or ((found[0].number, found[0].start) == (0, 0) and len(body) <= limit):
        return found
    begin = max(len(body) - limit, 0)
    line = body.find(b"\n", max(begin - 1, 0), len(body) - 1) + 1
    if not line:
        line = next(
            (place for place in range(begin, min(begin + LEAST, len(body))) if not 0x80 <= body[place] < 0xC0), begin
        )
    return chunks.without_first(found, line)


class _State:
    """Where a run is, and its attempts from one on. It is read before their output: what it calls ended writes no more.

    But for the last words of an attempt that was lost, or of a worker that could write its end and not its output.
    """

    def __init__(self, run_id: int, first: int) -> None:
        run = Run.objects.filter(pk=run_id).annotate(now=Now()).first()
        if run is None:
            raise UnknownRun(run_id)
        newest = Output.objects.filter(attempt=OuterRef("pk")).order_by("-number")
        self.run: Any = run
        self.attempts: list[Any] = list(
            Attempt.objects.filter(run=run_id, number__gte=first)
            .annotate(last=Subquery(newest.values("number")[:1]), last_at=Subquery(newest.values("at")[:1]))
            .order_by("number")
        )
        if run.attempt and not self.attempts:
            raise UnknownAttempt(run, first)

    def reached(self, place: Cursor) -> Any:
        """The attempt that a reader is in who has come to this place; None where none has started."""
        for attempt in self.attempts:
            if attempt is self.attempts[-1] or not self._has_read_all(attempt, place):
                return attempt
        return None

    def window(self, place: Cursor, found: list[Chunk]) -> Window:
        """What was found at this place, or that nothing was."""
        attempt = next((attempt for attempt in self.attempts if attempt.number == place.attempt), None)
        start = Cursor(place.attempt, found[0].number, found[0].start) if found else place
        following = chunks.before_end(found, place.attempt, 0) if found else place
        at_end = attempt is None or self._is_at_end(attempt, following)
        has_later = attempt is not None and attempt is not self.attempts[-1]
        complete = at_end and not has_later and self.run.status in ENDED
        return Window(
            run=self.run,
            attempt=attempt,
            chunks=found,
            start=start,
            next=following,
            at_end=at_end,
            complete=complete,
            retry_after=None if complete else 0 if has_later or not at_end else self._pace(attempt),
        )

    def _has_read_all(self, attempt: Any, place: Cursor) -> bool:
        here = place if place.attempt == attempt.number else Cursor(attempt.number)
        return attempt.status != AttemptStatus.RUNNING and self._is_at_end(attempt, here)

    def _is_at_end(self, attempt: Any, place: Cursor) -> bool:
        return attempt.output_deleted_at is not None or attempt.last is None or place.piece > attempt.last

    def _pace(self, attempt: Any) -> int:
        """After how many seconds a reader who has read all had better ask again."""
        least, most = WAITING
        if self.run.status == Status.QUEUED or attempt is None:
            wait: timedelta = self.run.not_before - self.run.now
            return min(max(math.ceil(wait.total_seconds()), least), most)
        quiet = self.run.now - (attempt.last_at or attempt.started_at)
        return next((pause for until, pause in PACE if quiet < until), SLOWEST)
