"""The words of messages: what happened, in one line; moments; what to do. Pure."""

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta, tzinfo

from jobs.choices import Cause, NoticeKind, Resolution, Status
from jobs.formats import format_duration, shorten
from jobs.models import Incident, Run

LONGEST_TITLE = 120
# What a job did, and what several did.
_ONE = {
    Cause.FAILED: "failed",
    Cause.RATE: "fails too often",
    Cause.MISSED: "was missed",
    Cause.LATE_START: "hasn't started",
    Cause.MUST_SUCCEED_BY: "hasn't succeeded in time",
    Cause.NOT_SUCCEEDED_FOR: "hasn't succeeded for long",
    Cause.SLOWER_THAN: "took long",
    Cause.STILL_RUNNING: "is still running",
    Cause.LOST: "was lost",
    Cause.OUTPUT_MATCHES: "wrote what it shouldn't",
    Cause.FORGOTTEN_PAUSE: "is still paused",
    Cause.DRIFT: "is still overridden",
    Cause.FLAPPING: "fails and recovers in turn",
}
_MANY = {
    **_ONE,
    Cause.RATE: "fail too often",
    Cause.MISSED: "were missed",
    Cause.LATE_START: "haven't started",
    Cause.MUST_SUCCEED_BY: "haven't succeeded in time",
    Cause.NOT_SUCCEEDED_FOR: "haven't succeeded for long",
    Cause.STILL_RUNNING: "are still running",
    Cause.LOST: "were lost",
    Cause.OUTPUT_MATCHES: "wrote what they shouldn't",
    Cause.FORGOTTEN_PAUSE: "are still paused",
    Cause.DRIFT: "are still overridden",
    Cause.FLAPPING: "fail and recover in turn",
}
# How it is over, where that isn't a success: of a job, and of several.
_OVER = {
    Cause.LATE_START: ("no longer waits", "no longer wait"),
    Cause.STILL_RUNNING: ("has ended", "have ended"),
    Cause.FORGOTTEN_PAUSE: ("is no longer paused", "are no longer paused"),
    Cause.DRIFT: ("is as declared again", "are as declared again"),
    Cause.FLAPPING: ("is steady again", "are steady again"),
}
# How a run ended.
_ENDED = {
    Status.SUCCEEDED: "succeeded",
    Status.FAILED: "failed",
    Status.TIMED_OUT: "timed out",
    Status.CANCELLED: "was cancelled",
    Status.LOST: "was lost",
    Status.SKIPPED: "was skipped",
    Status.MISSED: "was missed",
}
# What was run and failed can be run again.
RETRIED = frozenset({Cause.FAILED, Cause.LOST, Cause.RATE, Cause.FLAPPING, Cause.OUTPUT_MATCHES})
# The exception's name in the last line of a traceback.
EXCEPTION = re.compile(
    r"(?:[A-Za-z_]\w*\.)*([A-Za-z_]\w*(?:Error|Exception|Exit|Warning|Interrupt|Timeout|DoesNotExist))\b"
)


def title(kind: NoticeKind, incidents: Sequence[Incident], now: datetime) -> str:
    """The message in one line."""
    match kind:
        case NoticeKind.RESOLVED:
            found = _is_over(incidents)
        case NoticeKind.ACKNOWLEDGED:
            found = f"{incidents[0].acknowledged_by} works on it: {_what(incidents)}"
        case NoticeKind.ESCALATED:
            waited = _duration(now - min(each.opened_at for each in incidents))
            found = f"Nobody works on it after {waited}: {_what(incidents)}"
        case _:
            found = _what(incidents, with_error=True)
    return shorten(" ".join(found.split()), LONGEST_TITLE)


def end(run: Run) -> str:
    """How a run ended, in one line."""
    after = f" after {_duration(run.duration)}" if run.duration is not None else ""
    error = f": {run.error}" if run.error else ""
    return shorten(" ".join(f"{run.job} {_ENDED[Status(run.status)]}{after}{error}".split()), LONGEST_TITLE)


def _what(incidents: Sequence[Incident], *, with_error: bool = False) -> str:
    first = incidents[0]
    if first.cause == Cause.NOT_RUNNING:
        return first.detail.removesuffix(".")
    if len(incidents) == 1:
        error = f": {first.error}" if with_error and first.error else ""
        return f"{first.job} {_ONE[Cause(first.cause)]}{error}"
    return f"{len(incidents)} jobs {_MANY[Cause(first.cause)]}{_in_common(incidents)}"


def _in_common(incidents: Sequence[Incident]) -> str:
    """What they share, as far as it is known."""
    if len(errors := {error_name(each.error) for each in incidents}) == 1 and (name := errors.pop()):
        return f" with {name}"
    if incidents[0].cause == Cause.LOST and len(found := {each.instance for each in incidents}) == 1:
        return f" on {found.pop() or 'one machine'}"
    return ""


def error_name(error: str) -> str:
    """The name of the exception, or the error itself where it has none."""
    found = EXCEPTION.match(error)
    return found[1] if found else shorten(error, 60)


def _is_over(incidents: Sequence[Incident]) -> str:
    first = incidents[0]
    names = first.job if len(incidents) == 1 else f"{len(incidents)} jobs"
    ends = [each.resolved_at for each in incidents if each.resolved_at is not None]
    took = f" after {_duration(max(ends) - min(each.opened_at for each in incidents))}" if ends else ""
    ways = {each.resolution for each in incidents}
    if ways == {Resolution.BY_HAND}:
        return f"{names or 'Our outage'}: resolved by {first.resolved_by}{took}"
    if ways == {Resolution.UNDECLARED}:
        return (
            f"{names} {'is' if len(incidents) == 1 else 'are'} no longer watched for that: it isn't declared any more"
        )
    one, many = _OVER.get(Cause(first.cause), ("recovered", "recovered"))
    return f"{names or 'Nightshift'} {one if len(incidents) == 1 else many}{took}"


def _duration(duration: timedelta) -> str:
    """From a minute on in whole minutes: at night seconds are of no use."""
    minutes = round(duration.total_seconds() / 60)
    return format_duration(timedelta(minutes=minutes) if minutes else duration)


def when(moment: datetime, zone: tzinfo) -> str:
    """A moment by the clock of the job's zone, and in UTC: Fri 2026-03-27 04:15 CET (03:15 UTC)."""
    local, utc = moment.astimezone(zone), moment.astimezone(UTC)
    if local.utcoffset() == utc.utcoffset():
        return f"{utc:%a %Y-%m-%d %H:%M} UTC"
    day = "" if local.date() == utc.date() else f"{utc:%a} "
    return f"{local:%a %Y-%m-%d %H:%M %Z} ({day}{utc:%H:%M} UTC)"


def command(incident: Incident) -> str:
    """What to type about it, without `manage.py` or `nightshift` before it; empty where nothing is to be typed."""
    cause = Cause(incident.cause)
    if cause in RETRIED and incident.last_run_id:
        return f"retry {incident.last_run_id}"
    match cause:
        case Cause.STILL_RUNNING if incident.last_run_id:
            return f"cancel {incident.last_run_id}"
        case Cause.MISSED:
            return f"missed {incident.job}"
        case Cause.FORGOTTEN_PAUSE:
            return f"resume {incident.job}"
        case Cause.LATE_START | Cause.MUST_SUCCEED_BY | Cause.NOT_SUCCEEDED_FOR:
            return f"explain {incident.job}"
        case Cause.NOT_RUNNING:
            return "missed"
    return ""
