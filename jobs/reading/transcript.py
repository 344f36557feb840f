"""Reading what attempts wrote, whole or in part."""

from collections.abc import Iterator
from itertools import batched

from django.utils import timezone

from jobs.formats import counted
from jobs.ledger.retrying import UnknownRun as UnknownRun
from jobs.models import Attempt, Run
from jobs.reading.output import chunks
from jobs.reading.output.cursor import Cursor
from jobs.sentences import Sentence


class UnknownAttempt(Sentence, LookupError):
    """Run {run.pk} of {run.job} has no attempt {number}. Its latest is attempt {run.attempt}."""

    def __init__(self, run: Run, number: int | None) -> None:
        super().__init__(run=run, number=number)


class NeverStarted(UnknownAttempt):
    """Run {run.pk} of {run.job} never started (it is {run.status}), so it wrote nothing."""


class OutputDeleted(Sentence, LookupError):
    """What attempt {attempt.number} of run {attempt.run_id} wrote was deleted after {days}, on {on:%Y-%m-%d}."""

    def __init__(self, attempt: Attempt) -> None:
        assert attempt.output_deleted_at is not None
        on = timezone.localtime(attempt.output_deleted_at)
        # Of a lost attempt only its beginning may be known.
        days = (attempt.output_deleted_at - (attempt.finished_at or attempt.started_at)).days
        super().__init__(attempt=attempt, days=counted(max(days, 0), "day"), on=on)


def attempt_of(run: int, number: int | None = None) -> Attempt:
    """An attempt of a run, the latest unless `number` says otherwise.

    Raises UnknownRun or UnknownAttempt.
    """
    attempts = Attempt.objects.filter(run=run).order_by("-number")
    found = (attempts if number is None else attempts.filter(number=number)).first()
    if found is not None:
        return found
    try:
        known = Run.objects.get(pk=run)
    except Run.DoesNotExist:
        raise UnknownRun(run) from None
    raise (UnknownAttempt if known.attempt else NeverStarted)(known, number)


def output_of(run: int, number: int | None = None) -> Attempt:
    """The same attempt, for whoever reads what it wrote. Raises OutputDeleted too."""
    found = attempt_of(run, number)
    if found.output_deleted_at is not None:
        raise OutputDeleted(found)
    return found


def pieces(attempt: Attempt, *, stderr_only: bool = False) -> Iterator[bytes]:
    """What the attempt wrote, as read from its pipes, in pieces of at most 64 KiB."""
    found = attempt.output.order_by("number").values_list("body", "stderr")
    for body, spans in found.iterator(chunk_size=32):
        yield b"".join(body[start:end] for start, end in batched(spans, 2, strict=True)) if stderr_only else bytes(body)


def ending(attempt: Attempt, limit: int) -> str:
    """The last `limit` bytes of what the attempt wrote, as text; bytes that are not UTF-8 are shown as �."""
    found = chunks.backward(attempt.pk, Cursor(attempt.number, *chunks.END), limit)
    return b"".join(chunk.body for chunk in found).decode(errors="replace")
