"""What comes next by the declared schedules, of one job or of all. Pure: the moment is an argument."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from jobs.declarations import Job
from jobs.occurrences import Note, Schedule

# A job that is due more often in the time that is listed gets one row, or the others would drown in its own.
FOLD = 24


@dataclass(frozen=True, kw_only=True, slots=True)
class Coming:
    """An occurrence of a job, or the first of `count` with the last one."""

    job: Job
    schedule: Schedule
    first: datetime
    last: datetime
    count: int = 1


def upcoming(jobs: Iterable[Job], after: datetime, until: datetime, fold: int | None = FOLD) -> list[Coming]:
    """The occurrences in (after, until] in their order; a job that has more of them than `fold` in one row."""
    found: list[Coming] = []
    for job in jobs:
        schedule = job.schedule
        # Most jobs of a large project aren't due today: one question settles those.
        first = schedule.next(after) if schedule else None
        if schedule is None or first is None or first > until:
            continue
        count = 1 if fold is None else schedule.count(after, until)
        last = schedule.previous(until + datetime.resolution) if fold is not None and count > fold else None
        if last:
            found.append(Coming(job=job, schedule=schedule, first=first, last=last, count=count))
        else:
            found += [
                Coming(job=job, schedule=schedule, first=moment, last=moment)
                for moment in schedule.between(after, until)
            ]
    return sorted(found, key=lambda coming: coming.first)


def following(schedule: Schedule, after: datetime, count: int) -> list[datetime]:
    """The next occurrences, `count` of them unless fewer come."""
    found: list[datetime] = []
    moment = schedule.next(after)
    while moment is not None and len(found) < count:
        found.append(moment)
        moment = schedule.next(moment)
    return found


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
