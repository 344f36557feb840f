"""An operator's override of a job's schedule, zone or arguments, until its end. Code stays the truth.

It stands in the job's state row, so that whoever holds the job's lock has read the one that holds. What stands there
was written by another process, perhaps by another release with other time zones: one that can't be read here is
reported and doesn't hold, and nothing raises.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from jobs.declarations.job import Job
from jobs.ledger import sql
from jobs.models import JobState
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.occurrences import Schedule, UnknownZone

log = logging.getLogger(__name__)

COLUMNS = (
    "override_at, override_until, override_by, override_reason, "
    "override_schedule, override_time_zone, override_arguments"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Override:
    """What takes the place of the declaration; empty or None where the declaration holds.

    `flaw` says why its arguments can't be read; `unreadable` of a job, why the override doesn't hold.
    """

    at: datetime
    until: datetime | None = None
    by: str
    reason: str = ""
    schedule: str = ""
    time_zone: str = ""
    arguments: list[str] | None = None
    flaw: str = ""


def read(row: Sequence[Any]) -> Override | None:
    """The override from the columns of a state row, its arguments as JSON; None where there is none."""
    at, until, by, reason, schedule, time_zone, stored = row
    if at is None:
        return None
    arguments, flaw = _arguments(stored)
    return Override(
        at=at,
        until=until,
        by=by,
        reason=reason,
        schedule=schedule,
        time_zone=time_zone,
        arguments=arguments,
        flaw=flaw,
    )


def _arguments(stored: str | None) -> tuple[list[str] | None, str]:
    """The arguments, and why they can't be read."""
    words = None if stored is None else json.loads(stored)
    if words is None or (isinstance(words, list) and all(isinstance(word, str) for word in words)):
        return words, ""
    return None, f"Its arguments are {json.dumps(words)[:200]}, not a list of strings."


def of(state: JobState | None, at: datetime) -> Override | None:
    """The override that holds at a moment, from a state row at hand."""
    if state is None or (state.override_until is not None and state.override_until <= at):
        return None
    *columns, arguments = (getattr(state, column) for column in COLUMNS.split(", "))
    return read([*columns, json.dumps(arguments)])


def applied(job: Job, override: Override | None) -> Job:
    """The job as it is under the override. The tick starts its runs: its timer knows only the declaration.

    As declared where the override can't be read: never raises.
    """
    if override is None:
        return job
    try:
        schedule = _schedule(job, override)
    except Unreadable as why:
        _report(job, override, why)
        return job
    return replace(
        job,
        schedule=schedule,
        timer=job.timer and schedule == job.schedule,
        arguments=job.arguments if override.arguments is None else tuple(override.arguments),
    )


def unreadable(job: Job, override: Override | None) -> str:
    """Why the override doesn't hold here, in a sentence; empty where it does, or where there is none."""
    try:
        if override is not None:
            _schedule(job, override)
    except Unreadable as why:
        return str(why)
    return ""


class Unreadable(ValueError):
    """The override can't be read; the message says why."""


def _schedule(job: Job, override: Override) -> Schedule | None:
    """The job's schedule under the override. Raises Unreadable, also for arguments that are none."""
    if override.flaw:
        raise Unreadable(override.flaw)
    if job.schedule is None or not (override.schedule or override.time_zone):
        return job.schedule
    try:
        return Schedule(override.schedule or job.schedule.expression, override.time_zone or job.schedule.zone)
    except (InvalidExpression, UnknownZone) as error:
        raise Unreadable(str(error)) from None


def _report(job: Job, override: Override, why: Unreadable) -> None:
    """Once a process: each call of the tick comes by here."""
    if (job.name, override.at) not in _reported:
        _reported.add((job.name, override.at))
        log.error("override_unreadable job=%s by=%s: %s It doesn't apply. %s", job.name, override.by, why, END)


# What to do about it, wherever one is shown.
END = "End it with `manage.py override JOB --end`."
_reported: set[tuple[str, datetime]] = set()


def in_force(names: Sequence[str], at: datetime | None = None) -> dict[str, Override]:
    """The overrides of these jobs that hold at a moment: by the database's clock, unless `at` is given."""
    found = sql.rows(
        f"""
        SELECT job, {COLUMNS} FROM nightshift_jobstate
         WHERE job = ANY(%s) AND override_at IS NOT NULL
           AND (override_until IS NULL OR override_until > coalesce(%s::timestamptz, clock_timestamp()))
        """,  # noqa: S608 — COLUMNS is fixed
        [list(names), at],
    )
    return {job: override for job, *columns in found if (override := read(columns))}


def effective(job: Job, at: datetime | None = None) -> Job:
    """The job as it is now, under the override that holds."""
    return applied(job, in_force([job.name], at).get(job.name))
