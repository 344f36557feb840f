"""What differs at run time from what the code declares: by whom, why, and until when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from jobs import masking
from jobs.declarations import disabled
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.declarations.when import unknown_settings
from jobs.formats import command_line
from jobs.ledger import in_force, overrides
from jobs.ledger.in_force import InForce
from jobs.models import Intervention


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing that isn't as declared. `declared` and `now` are for people; `until` is None where no end is set."""

    job: str
    what: str
    declared: str
    now: str
    by: str
    reason: str = ""
    since: datetime | None = None
    until: datetime | None = None


def drift(now: datetime | None = None) -> list[Difference]:
    """All differences: a hold of all, then by job in the order of their declaration, then those of jobs declared no
    longer. One query.
    """
    current = in_force.by_job(at=now or timezone.now())
    # It is in force of each job, and is said once.
    hold = next((found.hold for found in current.values() if found.hold), None)
    return [
        *([_difference(hold, "starts", "on", f"held. {_END_HOLD}")] if hold else []),
        *(difference for job in registry.values() for difference in of_job(job, current.get(job.name, InForce()))),
        *(
            difference
            for name in sorted(current.keys() - registry.keys())
            for difference in _left_behind(name, current[name])
        ),
        *(
            Difference(job="–", what="setting", declared="no such job", now=name, by="app settings")
            for name in unknown_settings(registry.schedule_settings)
        ),
    ]


def of_job(job: Job, current: InForce) -> Iterator[Difference]:
    """The differences of one declared job. No query."""
    if job.schedule_setting and job.schedule:
        yield Difference(
            job=job.name,
            what="schedule",
            declared=job.declared_schedule,
            now=job.schedule.expression.text,
            by=job.schedule_setting,
        )
    if setting := disabled.setting_that_disables(job.name):
        yield Difference(job=job.name, what="function", declared="enabled", now="disabled", by=setting)
    if current.pause:
        yield _difference(current.pause, "schedule", "on", "paused")
    if current.override:
        yield from _overridden(job, current.override)


def _overridden(job: Job, override: Intervention) -> Iterator[Difference]:
    changed = overrides.applied(job, override)
    if why := overrides.unreadable(job, override):
        yield _difference(override, "override", "none", f"can't be read: {why} It doesn't apply. {overrides.END}")
    for what, declared, present in (
        ("schedule", _schedule(job), _schedule(changed)),
        ("arguments", _arguments(job), _arguments(changed)),
    ):
        if declared != present:
            yield _difference(override, what, declared, present)


def _left_behind(name: str, current: InForce) -> Iterator[Difference]:
    """What was changed of a job that is declared no longer: it may have another name now, which isn't changed."""
    for found, what in ((current.pause, f"paused. `manage.py resume {name}`"), (current.override, _END.format(name))):
        if found:
            yield _difference(found, "job", "no such job", f"{what} ends it")


_END_HOLD = "`manage.py hold --end` ends it"
_END = "overridden. `manage.py override {} --end`"


def _difference(found: Intervention, what: str, declared: str, now: str) -> Difference:
    return Difference(
        job=found.job or "–",
        what=what,
        declared=declared,
        now=now,
        by=found.by,
        reason=found.reason,
        since=found.began_at,
        until=found.until,
    )


def _schedule(job: Job) -> str:
    return f"{job.schedule.expression.text} {job.schedule.zone.key}" if job.schedule else "none"


def _arguments(job: Job) -> str:
    return command_line(masking.hide(job, job.arguments)) or "none"
