"""A run's way from its occurrence to its end, moment by moment. Pure."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from typing import NamedTuple

from jobs.choices import AttemptStatus, Status
from jobs.formats import format_duration
from jobs.models import Attempt, Run

# A shorter wait isn't worth a word.
WORTH_SAYING = timedelta(seconds=2)


class Moment(NamedTuple):
    """What happened when. `state` is the status that it led to, if it led to one."""

    at: datetime
    what: str
    detail: str = ""
    state: str = ""


def timeline(run: Run, attempts: Sequence[Attempt]) -> list[Moment]:
    """Due, queued, attempts with the waits before them, the cancellation, the end: in the order of time."""
    return sorted(_moments(run, attempts), key=lambda moment: moment.at)


def _moments(run: Run, attempts: Sequence[Attempt]) -> Iterator[Moment]:
    if run.scheduled_for:
        yield Moment(run.scheduled_for, "Due")
    yield Moment(run.created_at, "Queued", _who(run))
    if run.requested_for:
        yield Moment(run.requested_for, "Asked for", "for this moment")
    if run.cancel_requested_at:
        yield Moment(run.cancel_requested_at, "Cancellation asked for", f"by {run.cancelled_by}")
    ready = run.requested_for or run.created_at
    for attempt in attempts:
        yield from _attempt(attempt, ready, is_only=len(attempts) == 1)
        ready = attempt.finished_at or attempt.started_at
    if run.finished_at and not attempts:
        yield Moment(run.finished_at, "Never started", run.error, run.status)
    if run.status == Status.QUEUED and attempts and run.not_before > ready:
        yield Moment(run.not_before, "Next attempt", "not earlier than this")


def _who(run: Run) -> str:
    late = run.created_at - run.scheduled_for if run.scheduled_for else timedelta(0)
    found_late = f", {format_duration(late)} after it was due" if late > timedelta(minutes=1) else ""
    return f"by {run.requested_by or 'the schedule'}{found_late}"


def _attempt(attempt: Attempt, ready: datetime, *, is_only: bool) -> Iterator[Moment]:
    name = "Started" if is_only else f"Attempt {attempt.number} started"
    waited = attempt.started_at - ready
    yield Moment(
        attempt.started_at,
        name,
        f"on {attempt.instance}{_release(attempt)}"
        + (f", after waiting {format_duration(waited)}" if waited > WORTH_SAYING else ""),
        AttemptStatus.RUNNING if attempt.finished_at is None else "",
    )
    if attempt.finished_at:
        lasted = format_duration(attempt.wall or attempt.finished_at - attempt.started_at)
        ended = "Ended" if is_only else f"Attempt {attempt.number} ended"
        yield Moment(attempt.finished_at, ended, f"after {lasted}{_how(attempt)}", attempt.status)


def _release(attempt: Attempt) -> str:
    return f", release {attempt.release}" if attempt.release else ""


def _how(attempt: Attempt) -> str:
    if attempt.signal:
        return f", by {attempt.signal}"
    return f", exit code {attempt.exit_code}" if attempt.exit_code else ""
