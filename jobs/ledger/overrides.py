"""An operator's override of a job's schedule, zone or arguments, until its end. Code stays the truth.

It was written by another process, perhaps by another release with other time zones: one that can't be read here is
reported and doesn't hold, and nothing raises.
"""

import json
import logging
from dataclasses import replace
from datetime import datetime

from jobs.declarations.job import Job
from jobs.ledger import in_force
from jobs.models import Intervention
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.occurrences import Schedule
from jobs.schedule.zones import UnknownZone

log = logging.getLogger(__name__)


def applied(job: Job, override: Intervention | None) -> Job:
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


def unreadable(job: Job, override: Intervention | None) -> str:
    """Why the override doesn't hold here, in a sentence; empty where it does, or where there is none."""
    try:
        if override is not None:
            _schedule(job, override)
    except Unreadable as why:
        return str(why)
    return ""


class Unreadable(ValueError):
    """The override can't be read; the message says why."""


def _schedule(job: Job, override: Intervention) -> Schedule | None:
    """The job's schedule under the override. Raises Unreadable, also for arguments that are none."""
    words: object = override.arguments
    if words is not None and not (isinstance(words, list) and all(isinstance(word, str) for word in words)):
        raise Unreadable(f"Its arguments are {json.dumps(words)[:200]}, not a list of strings.")
    if job.schedule is None or not override.replaces_schedule:
        return job.schedule
    try:
        return Schedule(override.schedule or job.schedule.expression, override.time_zone or job.schedule.zone)
    except (InvalidExpression, UnknownZone) as error:
        raise Unreadable(str(error)) from None


def _report(job: Job, override: Intervention, why: Unreadable) -> None:
    """Once a process: each call of the tick comes by here."""
    if (job.name, override.began_at) not in _reported:
        _reported.add((job.name, override.began_at))
        log.error("override_unreadable job=%s by=%s: %s It doesn't apply. %s", job.name, override.by, why, END)


# What to do about it, wherever one is shown.
END = "End it with `manage.py override JOB --end`."
_reported: set[tuple[str, datetime]] = set()


def effective(job: Job, at: datetime | None = None) -> Job:
    """The job as it is now, under the override that holds."""
    return applied(job, in_force.override_of(job, at))
