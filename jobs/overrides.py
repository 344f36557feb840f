"""An operator's override of a job's schedule, zone or arguments, until its end. Code stays the truth.

It stands in the job's state row, so that whoever holds the job's lock has read the one that holds.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from jobs import sql
from jobs.declarations import Job
from jobs.models import JobState
from jobs.occurrences import Schedule

COLUMNS = (
    "override_at, override_until, override_by, override_reason, "
    "override_schedule, override_time_zone, override_arguments"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """What takes the place of the declaration; empty or None where the declaration holds."""

    at: datetime
    until: datetime | None = None
    by: str
    reason: str = ""
    schedule: str = ""
    time_zone: str = ""
    arguments: list[str] | None = None


def read(row: Sequence[Any]) -> Override | None:
    """The override from the columns of a state row; None where there is none."""
    at, until, by, reason, schedule, time_zone, arguments = row
    if at is None:
        return None
    return Override(
        at=at,
        until=until,
        by=by,
        reason=reason,
        schedule=schedule,
        time_zone=time_zone,
        arguments=json.loads(arguments) if isinstance(arguments, str) else arguments,
    )


def of(state: JobState | None, at: datetime) -> Override | None:
    """The override that holds at a moment, from a state row at hand."""
    if state is None or (state.override_until is not None and state.override_until <= at):
        return None
    return read([getattr(state, column) for column in COLUMNS.split(", ")])


def applied(job: Job, override: Override | None) -> Job:
    """The job as it is under the override. The tick serves it, to the minute: its timer knows the declaration only."""
    if override is None:
        return job
    schedule = job.schedule
    if schedule is not None and (override.schedule or override.time_zone):
        schedule = Schedule(override.schedule or schedule.expression, override.time_zone or schedule.zone)
    return replace(
        job,
        schedule=schedule,
        timer=job.timer and schedule == job.schedule,
        arguments=job.arguments if override.arguments is None else tuple(override.arguments),
    )


def in_force(names: Sequence[str], at: datetime | None = None) -> dict[str, Override]:
    """The overrides of these jobs that hold at a moment: by the database's clock, unless `at` is given."""
    found = sql.rows(
        f"""
        SELECT job, {COLUMNS} FROM jobs_jobstate
         WHERE job = ANY(%s) AND override_at IS NOT NULL
           AND (override_until IS NULL OR override_until > coalesce(%s::timestamptz, clock_timestamp()))
        """,  # noqa: S608 — COLUMNS is fixed
        [list(names), at],
    )
    return {job: override for job, *columns in found if (override := read(columns))}


def effective(job: Job, at: datetime | None = None) -> Job:
    """The job as it is now, under the override that holds."""
    return applied(job, in_force([job.name], at).get(job.name))
