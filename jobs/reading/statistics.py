"""What became of the jobs over a range of days, from JobDay: no run is counted for it, and none need be kept."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

from jobs.choices import ENDED, Status, Trigger
from jobs.declarations.registry import registry
from jobs.ledger import sql
from jobs.models import JobDay
from jobs.reading.histogram import Histogram
from jobs.sentences import Sentence

DEFAULT = timedelta(days=30)
LONGEST = timedelta(days=731)
# What a run that was neither cancelled nor kept from starting may end as.
TRIED = (Status.SUCCEEDED, Status.FAILED, Status.TIMED_OUT, Status.LOST)


class NoRange(Sentence, ValueError):
    """From {since} to {until} is not a range of days. Write two dates, the later one second, at most {longest} days."""

    def __init__(self, since: date, until: date) -> None:
        super().__init__(since=since, until=until, longest=LONGEST.days)


@dataclass(frozen=True, kw_only=True, slots=True)
class Figures:
    """Runs by how they ended, and occurrences without a run by reason.

    `success_share` is that of the runs that succeeded, failed, timed out or were lost. Durations are of those that
    succeeded, lateness of all that had an occurrence and started. Percentiles are within 5 %. None: there were none.
    """

    outcomes: Mapping[str, int]
    gaps: Mapping[str, int]
    retries: int
    success_share: float | None
    duration_p50: timedelta | None
    duration_p95: timedelta | None
    duration_mean: timedelta | None
    duration_max: timedelta | None
    lateness_p50: timedelta | None
    lateness_p95: timedelta | None
    lateness_max: timedelta | None
    cpu: timedelta
    peak_memory: int | None
    warnings: int

    @property
    def runs(self) -> int:
        return sum(self.outcomes.values())


@dataclass(frozen=True, kw_only=True, slots=True)
class OfDay(Figures):
    """On one day in UTC."""

    day: date


@dataclass(frozen=True, kw_only=True, slots=True)
class OfJob(Figures):
    """Of one job, over a range of days."""

    job: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Statistics(Figures):
    """Of one job, or of all where `job` is None, from `since` to `until`. `days` are those on which anything was."""

    job: str | None
    since: date
    until: date
    days: Sequence[OfDay]


def days(since: date | None = None, until: date | None = None) -> tuple[date, date]:
    """The first day and the last one that are shown where a person names none of them: the latest thirty in UTC."""
    last = until or datetime.now(UTC).date()
    return since or date.fromordinal(max(1, last.toordinal() - DEFAULT.days + 1)), last


def statistics(job: str | None, since: date, until: date, trigger: Trigger | None = None) -> Statistics:
    """What became of a job, or of all, on the days from `since` to `until`. One query.

    Raises NoRange; UnknownJob where nothing is declared or counted under that name.
    """
    rows = _rows("day", job, since, until, trigger)
    if job is not None and not rows and not JobDay.objects.filter(job=job).exists():
        registry[job]  # one that is declared no more may have run
    days = [OfDay(day=row.group, **_figures([row])) for row in rows]
    return Statistics(job=job, since=since, until=until, days=days, **_figures(rows))


def by_job(since: date, until: date, trigger: Trigger | None = None) -> list[OfJob]:
    """The same for each job that anything became of, in the order of their names. One query. Raises NoRange."""
    return [OfJob(job=row.group, **_figures([row])) for row in _rows("job", None, since, until, trigger)]


def facts(figures: Figures) -> dict[str, Any]:
    """The figures as the commands write them in JSON: the names and values that the API gives. Durations in seconds."""
    found: dict[str, Any] = {}
    if isinstance(figures, OfJob):
        found = {"job": figures.job}
    elif isinstance(figures, OfDay):
        found = {"day": figures.day.isoformat()}
    elif isinstance(figures, Statistics):
        found = {"job": figures.job, "from": figures.since.isoformat(), "to": figures.until.isoformat()}
    for name in ("runs", *(field.name for field in fields(Figures))):
        value = getattr(figures, name)
        found[name] = value.total_seconds() if isinstance(value, timedelta) else value
    if isinstance(figures, Statistics):
        found["days"] = [facts(day) for day in figures.days]
    return found


class _Row(NamedTuple):
    """The sum of some rows of JobDay."""

    group: Any
    outcomes: dict[str, int]
    gaps: dict[str, int]
    retries: int
    duration: dict[str, int]
    duration_sum: timedelta
    duration_max: timedelta | None
    lateness: dict[str, int]
    lateness_max: timedelta | None
    cpu: timedelta
    peak_memory: int | None
    warnings: int


STATUSES = sorted(status.value for status in ENDED)
OUTCOMES = ", ".join(f"'{status}', sum({status})" for status in STATUSES)
# The sum of a column's objects, by group.
SUMMED = """(
    SELECT part, jsonb_object_agg(key, n) AS counts
      FROM (SELECT part, key, sum(value::int) AS n FROM chosen, jsonb_each_text({}) GROUP BY 1, 2) AS each
     GROUP BY 1
)"""


def _rows(group: str, job: str | None, since: date, until: date, trigger: Trigger | None) -> list[_Row]:
    if not timedelta(0) <= until - since < LONGEST:
        raise NoRange(since, until)

    found = sql.rows(
        f"""
        WITH chosen AS (
            SELECT *, {group} AS part FROM nightshift_jobday
             WHERE day BETWEEN %(since)s AND %(until)s
               AND {"job = %(job)s" if job else "TRUE"} AND {"trigger = %(trigger)s" if trigger else "TRUE"}
        ), totals AS (
            SELECT part, jsonb_build_object({OUTCOMES}) AS outcomes, sum(retries) AS retries,
                   sum(duration_sum) AS duration_sum, max(duration_max) AS duration_max,
                   max(lateness_max) AS lateness_max, sum(cpu) AS cpu, max(peak_memory) AS peak_memory,
                   sum(warnings)::bigint AS warnings
              FROM chosen GROUP BY 1
        )
        SELECT part, outcomes::text, coalesce(g.counts, '{{}}')::text, retries, coalesce(d.counts, '{{}}')::text,
               duration_sum, duration_max, coalesce(l.counts, '{{}}')::text, lateness_max, cpu, peak_memory, warnings
          FROM totals
          LEFT JOIN {SUMMED.format("gaps")} AS g USING (part)
          LEFT JOIN {SUMMED.format("duration")} AS d USING (part)
          LEFT JOIN {SUMMED.format("lateness")} AS l USING (part)
         ORDER BY part
        """,  # noqa: S608 — the columns are fixed
        {"since": since, "until": until, "job": job, "trigger": trigger},
    )
    objects = {1, 2, 4, 7}
    rows = [
        _Row(*(json.loads(value) if place in objects else value for place, value in enumerate(row))) for row in found
    ]
    # A row that was taken back counts nothing.
    return [row for row in rows if any(row.outcomes.values()) or row.gaps]


def _figures(rows: Sequence[_Row]) -> dict[str, Any]:
    outcomes = _sum(row.outcomes for row in rows)
    tried, succeeded = sum(outcomes[status] for status in TRIED), outcomes[Status.SUCCEEDED]
    duration, lateness = Histogram.of(row.duration for row in rows), Histogram.of(row.lateness for row in rows)
    duration_max, lateness_max = _most(row.duration_max for row in rows), _most(row.lateness_max for row in rows)
    return {
        "outcomes": {status: outcomes[status] for status in STATUSES},
        "gaps": dict(sorted(_sum(row.gaps for row in rows).items())),
        "retries": sum(row.retries for row in rows),
        "success_share": succeeded / tried if tried else None,
        "duration_p50": duration.percentile(50, duration_max),
        "duration_p95": duration.percentile(95, duration_max),
        "duration_mean": sum((row.duration_sum for row in rows), timedelta(0)) / succeeded if succeeded else None,
        "duration_max": duration_max,
        "lateness_p50": lateness.percentile(50, lateness_max),
        "lateness_p95": lateness.percentile(95, lateness_max),
        "lateness_max": lateness_max,
        "cpu": sum((row.cpu for row in rows), timedelta(0)),
        "peak_memory": _most(row.peak_memory for row in rows),
        "warnings": sum(row.warnings for row in rows),
    }


def _sum(counts: Iterable[Mapping[str, int]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for each in counts:
        total.update(each)
    return total


def _most[T: (int, timedelta)](values: Iterable[T | None]) -> T | None:
    return max((value for value in values if value is not None), default=None)
