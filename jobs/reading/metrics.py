"""What a monitoring system reads every few seconds: how jobs stand, by a few statements that look at no ended run."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import NamedTuple

from django.utils import timezone

from jobs.choices import ENDED, Severity, Status
from jobs.ledger import in_force, sql
from jobs.models import LastTick
from jobs.reading.incidents import open_of_all, severity
from jobs.reading.usual import Usual, usual_durations

# A histogram's number of what it counts.
_COUNT = "(SELECT coalesce(sum(value::int), 0) FROM jsonb_each_text({}))"
# Days before this month are left out: all of them would be too many to add up each time.
_THIS_MONTH = "day >= date_trunc('month', clock_timestamp() AT TIME ZONE 'UTC')::date AND job = ANY(%(jobs)s)"
OUTCOMES = [status for status in Status if status in ENDED]
MOST_INCIDENTS = 10_000


class Month(NamedTuple):
    """Of a job, since the month began in UTC: runs by outcome, retries, and durations and lateness in seconds."""

    outcomes: dict[str, int]
    retries: int = 0
    durations: int = 0
    duration: float = 0.0
    starts: int = 0
    lateness: float = 0.0


@dataclass(frozen=True, kw_only=True, slots=True)
class Metrics:
    """Moments are seconds since 1970. `active` is by job and status, `gaps` by job and reason, `incidents` by job and
    cause; `waits` is how long the run that waits longest could have started.
    """

    jobs: Sequence[str]
    tick: datetime | None
    is_held: bool
    paused: frozenset[str]
    next_due: dict[str, float]
    months: dict[str, Month]
    gaps: dict[tuple[str, str], int]
    usual: dict[str, Usual]
    active: dict[tuple[str, str], int]
    waits: float
    incidents: list[tuple[str, str]]
    severities: dict[Severity, int]


NOTHING = Month(dict.fromkeys(OUTCOMES, 0))


def metrics(jobs: Sequence[str]) -> Metrics:
    """How these jobs stand. Seven queries; one more in five minutes."""
    named = {"jobs": list(jobs)}
    current = in_force.by_job(jobs)
    active = _active(named)
    found = open_of_all(jobs, MOST_INCIDENTS)
    known = set(jobs)
    return Metrics(
        jobs=jobs,
        tick=LastTick.objects.values_list("at", flat=True).first(),
        is_held=any(each.hold for each in current.values()),
        paused=frozenset(job for job, each in current.items() if each.pause),
        next_due=_next_due(named),
        months=_months(named),
        gaps=_gaps(named),
        usual={job: usual for job, usual in usual_durations(timezone.now()).items() if job in known},
        active={(job, status): count for job, status, count, _ in active},
        waits=max((waits for _, status, _, waits in active if status == Status.QUEUED), default=0.0),
        incidents=[(incident.job, incident.cause) for incident in found],
        severities={bad: sum(severity(incident) == bad for incident in found) for bad in Severity},
    )


def _months(named: dict[str, list[str]]) -> dict[str, Month]:
    rows = sql.rows(
        f"""
        SELECT job, {", ".join(f"sum({outcome.value})" for outcome in OUTCOMES)}, sum(retries),
               sum({_COUNT.format("duration")}), extract(epoch FROM sum(duration_sum))::float8,
               sum({_COUNT.format("lateness")}), extract(epoch FROM sum(lateness_sum))::float8
          FROM nightshift_jobday WHERE {_THIS_MONTH} GROUP BY job
        """,  # noqa: S608 — fixed
        named,
    )
    size = len(OUTCOMES)
    return {job: Month(dict(zip(OUTCOMES, values[:size], strict=True)), *values[size:]) for job, *values in rows}


def _gaps(named: dict[str, list[str]]) -> dict[tuple[str, str], int]:
    rows = sql.rows(
        f"""
        SELECT job, key, sum(value::int) FROM nightshift_jobday, jsonb_each_text(gaps)
         WHERE gaps <> '{{}}' AND {_THIS_MONTH} GROUP BY job, key
        """,  # noqa: S608 — fixed
        named,
    )
    return {(job, reason): count for job, reason, count in rows}


def _active(named: dict[str, list[str]]) -> list[tuple[str, str, int, float]]:
    """By job and status how many runs, and for how many seconds the first of them has waited or run; never below 0."""
    return sql.rows(
        """
        SELECT job, status, count(*), extract(epoch FROM greatest(max(clock_timestamp() - CASE
                   WHEN status = 'queued' THEN greatest(created_at, not_before) ELSE started_at END), '0'))::float8
          FROM nightshift_run WHERE status IN ('queued', 'running') AND job = ANY(%(jobs)s) GROUP BY job, status
        """,
        named,
    )


def _next_due(named: dict[str, list[str]]) -> dict[str, float]:
    rows = sql.rows(
        """
        SELECT job, extract(epoch FROM next_due_at)::float8 FROM nightshift_jobstate
         WHERE next_due_at IS NOT NULL AND job = ANY(%(jobs)s)
        """,
        named,
    )
    return dict(rows)
