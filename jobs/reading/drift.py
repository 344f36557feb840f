"""What differs at run time from what the code declares: by whom, why, and until when."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.utils import timezone

from jobs import masking
from jobs.declarations import disabled
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.declarations.when import unknown_settings
from jobs.ledger import overrides
from jobs.models import JobState


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
    """All differences, by job in the order of their declaration, then those of jobs declared no longer. One query."""
    moment = now or timezone.now()
    changed = Q(paused_at__isnull=False) | Q(override_at__isnull=False)
    states = {state.job: state for state in JobState.objects.filter(changed | Q(pk__in=list(registry)))}
    return [
        *(difference for job in registry.values() for difference in _of(job, states.get(job.name), moment)),
        *(
            difference
            for name in sorted(states.keys() - registry.keys())
            for difference in _left_behind(states[name], moment)
        ),
        *(
            Difference(job="–", what="setting", declared="no such job", now=name, by="app settings")
            for name in unknown_settings(registry.schedule_settings)
        ),
    ]


def _left_behind(state: JobState, now: datetime) -> Iterator[Difference]:
    """What was changed of a job that is declared no longer: it may have another name now, which isn't changed."""
    if state.is_paused(now):
        yield Difference(
            job=state.job,
            what="job",
            declared="no such job",
            now=f"paused. `manage.py resume {state.job}` ends it",
            by=state.paused_by,
            reason=state.paused_reason,
            since=state.paused_at,
            until=state.paused_until,
        )
    if override := overrides.of(state, now):
        yield Difference(
            job=state.job,
            what="job",
            declared="no such job",
            now=f"overridden. `manage.py override {state.job} --end` ends it",
            by=override.by,
            reason=override.reason,
            since=override.at,
            until=override.until,
        )


def _of(job: Job, state: JobState | None, now: datetime) -> Iterator[Difference]:
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
    if state is not None and state.is_paused(now):
        yield Difference(
            job=job.name,
            what="schedule",
            declared="on",
            now="paused",
            by=state.paused_by,
            reason=state.paused_reason,
            since=state.paused_at,
            until=state.paused_until,
        )
    if override := overrides.of(state, now):
        changed = overrides.applied(job, override)
        if why := overrides.unreadable(job, override):
            yield Difference(
                job=job.name,
                what="override",
                declared="none",
                now=f"can't be read: {why} It doesn't apply. {overrides.END}",
                by=override.by,
                reason=override.reason,
                since=override.at,
                until=override.until,
            )
        for what, declared, present in (
            ("schedule", _schedule(job), _schedule(changed)),
            ("arguments", _arguments(job), _arguments(changed)),
        ):
            if declared != present:
                yield Difference(
                    job=job.name,
                    what=what,
                    declared=declared,
                    now=present,
                    by=override.by,
                    reason=override.reason,
                    since=override.at,
                    until=override.until,
                )


def _schedule(job: Job) -> str:
    return f"{job.schedule.expression.text} {job.schedule.zone.key}" if job.schedule else "none"


def _arguments(job: Job) -> str:
    return " ".join(masking.hide(job, job.arguments)) or "none"
