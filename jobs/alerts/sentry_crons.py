"""Check-ins of Sentry Crons, where the project has set up Sentry's SDK: a monitor for each job with a schedule.

The SDK is the project's: it is never imported here. Source: https://docs.sentry.io/platforms/python/crons/.
"""

import math
import sys
from functools import partial
from importlib import import_module
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from django.db import connection

from jobs import clocks
from jobs.alerts.signs import signs
from jobs.choices import Status
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger.changed import Changed
from jobs.ledger.claims import Claim
from jobs.schedule.ncrontab import KINDS, Expression

# What never started is known to Sentry by its absence.
STATUS = {
    Status.SUCCEEDED: "ok",
    Status.FAILED: "error",
    Status.TIMED_OUT: "error",
    Status.LOST: "error",
    Status.CANCELLED: "error",  # else Sentry waits for its end, and says so much later
}


def started(claim: Claim) -> None:
    _check_in(claim.job, claim.run_id, "in_progress")


def ended(run: Changed) -> None:
    was_begun = run.status is not Status.CANCELLED or run.took is not None
    if run.status in STATUS and was_begun:
        _check_in(run.job, run.run_id, STATUS[run.status], run.took.total_seconds() if run.took else None)


def _check_in(name: str, run_id: int, status: str, seconds: float | None = None) -> None:
    job = registry.get(name)
    if job is None or job.schedule is None or not conf.JOBS_SENTRY_CRONS or not _is_set_up():
        return
    check_in = check_in_id(name, run_id)
    # Beside the job's heartbeat, which may hang.
    signs.give(f"{name} (Sentry)", partial(_send, job, check_in, status, seconds))


def _is_set_up() -> bool:
    sdk = sys.modules.get("sentry_sdk")
    # Before 2.0 there was no get_client.
    return sdk is not None and hasattr(sdk, "get_client") and sdk.get_client().is_active()


def check_in_id(job: str, run_id: int) -> str:
    """One of a run, over all its attempts: what is retried is still in progress, and whoever ends it knows it."""
    database = connection.settings_dict
    return uuid5(NAMESPACE_URL, f"{database['HOST']}/{database['NAME']}/{job}/{run_id}").hex


def _send(job: Job, check_in: str, status: str, seconds: float | None) -> None:
    # A part of the SDK, which is there.
    import_module("sentry_sdk.crons").capture_checkin(
        monitor_slug=job.name,
        check_in_id=check_in,
        status=status,
        duration=seconds,
        monitor_config=monitor_config(job),
    )


def monitor_config(job: Job) -> dict[str, Any] | None:
    """How Sentry keeps the job's monitor, in minutes; None where a monitor has no way to say when the job is due."""
    if job.schedule is None or (schedule := _schedule(job.schedule.expression)) is None:
        return None
    margin = job.deadline_at(clocks.wall())
    found = {
        "schedule": schedule,
        "timezone": job.schedule.zone.key,
        "max_runtime": max(1, math.ceil(job.timeout.total_seconds() / 60)),
    }
    return found if margin is None else found | {"checkin_margin": max(1, math.ceil(margin.total_seconds() / 60))}


def _schedule(expression: Expression) -> dict[str, Any] | None:
    if expression.never_fires:
        return None
    if expression.is_sub_minute:
        # As often as Sentry can watch.
        is_always = len(expression.minutes) == 60 and len(expression.hours) == 24
        every_day = all(field.text == "*" for field in expression.fields[3:])
        return {"type": "interval", "value": 1, "unit": "minute"} if is_always and every_day else None
    days, _, weekdays = expression.fields[3:]
    if days.text != "*" and weekdays.text != "*":
        return None  # in a crontab either is enough
    words = [_word(field.text, kind.high) for field, kind in zip(expression.fields[1:], KINDS[1:], strict=True)]
    return {"type": "crontab", "value": " ".join(words)}


def _word(text: str, high: int) -> str:
    """A crontab knows a step behind a range only: 5/15 is 5-59/15."""
    first, slash, step = text.partition("/")
    return f"{first}-{high}/{step}" if slash and first != "*" else text
