"""What comes next, of one job or of all: by the declared schedules, and by the overrides and pauses until their end.

No database: the moment and what is in force are arguments.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice, zip_longest
from typing import NamedTuple

from jobs.declarations.disabled import setting_that_disables
from jobs.declarations.job import Job
from jobs.ledger import overrides
from jobs.ledger.eras import INSTANT
from jobs.ledger.in_force import InForce
from jobs.models import Intervention
from jobs.schedule.occurrences import Note, Schedule

# A job that is due more often in the time that is listed gets one row, or the others would drown in its own.
FOLD = 24
FOREVER = datetime.max.replace(tzinfo=UTC)


class Stretch(NamedTuple):
    """A time (after, until] in which nothing is known to change: a job's schedule, and why it would be skipped."""

    schedule: Schedule
    after: datetime
    until: datetime = FOREVER
    skipped: str = ""

    def next(self, after: datetime | None = None) -> datetime | None:
        """The first occurrence of the stretch, or the first after a moment in it."""
        found = self.schedule.next(after or self.after)
        return found if found and found <= self.until else None

    def occurrences(self) -> Iterator[datetime]:
        moment = self.next()
        while moment:
            yield moment
            moment = self.next(moment)

    @property
    def times(self) -> int:
        return self.schedule.count(self.after, self.until)


@dataclass(frozen=True, kw_only=True, slots=True)
class Coming:
    """An occurrence of a job, or the first of `count` with the last one; `skipped` says why it would be skipped."""

    job: Job
    schedule: Schedule
    first: datetime
    last: datetime
    count: int = 1
    skipped: str = ""


def stretches(job: Job, current: InForce, at: datetime) -> list[Stretch]:
    """How the job stands from a moment on, until nothing more is known to change. None for a job without a schedule."""
    if job.schedule is None:
        return []
    disabled = "disabled in Azure" if setting_that_disables(job.name) else ""
    # As `settle` has it: an occurrence at the very end of a pause or an override is the declaration's, and runs.
    ends = {found.end - INSTANT for found in current if found and found.end and found.end > at}
    starts = [at, *sorted(ends)]
    return [
        Stretch(schedule, start, end, disabled or _skipped(current, start + INSTANT))
        for start, end in zip_longest(starts, starts[1:], fillvalue=FOREVER)
        if (schedule := _job_at(job, current.override, start + INSTANT).schedule)
    ]


def _skipped(current: InForce, at: datetime) -> str:
    for found, what in ((current.pause, "paused"), (current.hold, "held")):
        if found is not None and not found.is_over(at):
            return f"{what} by {found.by or 'nobody knows'}"
    return ""


def _job_at(job: Job, override: Intervention | None, at: datetime) -> Job:
    return job if override is None or override.is_over(at) else overrides.applied(job, override)


def next_run_at(job: Job, current: InForce, at: datetime) -> datetime | None:
    """The first occurrence after a time that won't be skipped; None if there is none."""
    return next((first for part in stretches(job, current, at) if not part.skipped and (first := part.next())), None)


def upcoming(
    jobs: Iterable[Job],
    after: datetime,
    until: datetime,
    fold: int | None = FOLD,
    current: Mapping[str, InForce] | None = None,
) -> list[Coming]:
    """The occurrences in (after, until] in their order; a job that has more than `fold` gets one row a stretch."""
    known = current or {}
    found: list[Coming] = []
    for job in jobs:
        parts = _within(stretches(job, known.get(job.name, InForce()), after), until)
        is_folded = fold is not None and sum(part.times for part in parts) > fold
        found += [row for part in parts for row in ([_folded(job, part)] if is_folded else _each(job, part))]
    return sorted(found, key=lambda coming: coming.first)


def _within(parts: Iterable[Stretch], until: datetime) -> list[Stretch]:
    """Those that have an occurrence up to a moment, cut there."""
    # Most jobs of a large project aren't due today: one question settles those.
    cut = (part._replace(until=min(part.until, until)) for part in parts)
    return [part for part in cut if part.next()]


def _each(job: Job, part: Stretch) -> list[Coming]:
    return [
        Coming(job=job, schedule=part.schedule, first=moment, last=moment, skipped=part.skipped)
        for moment in part.schedule.between(part.after, part.until)
    ]


def _folded(job: Job, part: Stretch) -> Coming:
    first, last = part.next(), part.schedule.previous(part.until + datetime.resolution)
    assert first
    assert last
    return Coming(job=job, schedule=part.schedule, first=first, last=last, count=part.times, skipped=part.skipped)


def following(parts: Iterable[Stretch], count: int) -> list[tuple[datetime, Stretch]]:
    """The next occurrences, each with the stretch that it lies in: `count` of them unless fewer come."""
    return list(islice(((moment, part) for part in parts for moment in part.occurrences()), count))


def changed(schedule: Schedule, moments: Iterable[datetime]) -> dict[datetime, Note]:
    """What changes of the clock do to these occurrences: to those of which they do anything."""
    wanted = set(moments)
    years = sorted({moment.year for moment in wanted})
    return {run: note for year in years for note in schedule.dst_notes(year) for run in note.runs if run in wanted}


def named(note: Note) -> str:
    """The time of day that the expression names: 02:30, or 02:30:15."""
    return f"{note.wall:%H:%M:%S}".removesuffix(":00")


def what_happens(schedule: Schedule, note: Note) -> str:
    """What a change of the clock does to a time of day: "doesn't exist: at 03:30 instead"."""
    shown = note.runs[0].astimezone(schedule.zone).replace(tzinfo=None)
    at = f"{shown:%H:%M:%S}".removesuffix(":00")
    if shown.date() != note.wall.date():
        at = f"{shown:%Y-%m-%d} {at}"
    match note.kind:
        case "moved":
            return f"doesn't exist: at {at} instead"
        case "doubled":
            return "comes twice: both times"
        case "dropped" if shown == note.wall:
            return "comes twice: the first time only"
    return f"doesn't exist, and {at} is due anyway: once"
