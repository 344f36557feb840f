"""What is due and why, as the API and the commands write it in JSON: the same names and values."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from itertools import groupby
from typing import Any
from zoneinfo import ZoneInfo

from jobs.declarations.job import Job
from jobs.formats import local_time
from jobs.ledger import in_force
from jobs.ledger.eras import INSTANT
from jobs.ledger.in_force import InForce
from jobs.reading import upcoming
from jobs.reading.coming import first_of
from jobs.reading.explain import Explanation, zone_of
from jobs.reading.upcoming import Coming, Stretch
from jobs.schedule.describe import describe

type Facts = dict[str, Any]


def explanation(found: Explanation) -> Facts:
    return {
        "job": found.job,
        "cause": found.cause,
        "sentences": list(found.sentences),
        "occurrence": found.occurrence,
        "run": found.run.pk if found.run else None,
        "gap": found.gap.pk if found.gap else None,
        "previous": found.previous,
        "next": found.next,
    }


def coming(rows: Iterable[Coming]) -> list[Facts]:
    """A row for an occurrence, or for `times` of them."""
    found = list(rows)
    words = {row.schedule: describe(row.schedule.expression) for row in found}
    return [
        {
            "job": row.job.name,
            "scheduled_for": row.first,
            "local": row.first.astimezone(row.schedule.zone).isoformat(),
            "time_zone": row.schedule.zone.key,
            "in_words": words[row.schedule],
            "note": row.skipped,
            "times": row.count,
        }
        for row in found
    ]


def following(job: Job, count: int, now: datetime) -> Facts:
    """The job's next occurrences, and its schedule in words. A job without a schedule has none."""
    parts = upcoming.stretches(job, in_force.by_job([job.name], now).get(job.name, InForce()), now)
    zone = _zone(job, parts)
    return {
        "in_words": _in_words(parts, zone),
        "time_zone": zone.key,
        "results": [
            {
                "job": job.name,
                "scheduled_for": moment,
                "local": moment.astimezone(zone).isoformat(),
                "time_zone": zone.key,
                "note": note,
            }
            for moment, note in first_of(parts, count)
        ],
    }


def _zone(job: Job, parts: Sequence[Stretch]) -> ZoneInfo:
    return parts[0].schedule.zone if parts else zone_of(job)


def _in_words(parts: Sequence[Stretch], zone: ZoneInfo) -> str:
    """Each schedule with its zone: "At 05:00 every day, UTC, until Fri 2027-04-02 00:00:00 +00:00; then …"."""
    lines = []
    for schedule, same in groupby(parts, key=lambda part: part.schedule):
        *_, last = same
        end = f", until {local_time(last.until + INSTANT, zone)}" if last.until < upcoming.FOREVER else ""
        lines.append(f"{describe(schedule.expression)}, {schedule.zone.key}{end}")
    return "; then ".join(lines)
