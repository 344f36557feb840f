"""What is declared, with what is known of it: each job, its latest run, and when it is due next."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils import timezone

from jobs import masking
from jobs.choices import Status
from jobs.declarations.disabled import setting_that_disables
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import in_force, overrides, sql
from jobs.ledger.in_force import InForce
from jobs.models import Run
from jobs.reading import upcoming
from jobs.schedule.describe import describe


@dataclass(frozen=True, kw_only=True, slots=True)
class Overview:
    """A declared job. `schedule` and `time_zone` are None for a job that has none; `next_run_at` is None where nothing
    is due: it has no schedule, is disabled, or is paused without an end. `override_flaw` says why an override can't be
    read, and so doesn't apply.
    """

    name: str
    command: str
    description: str
    labels: list[str]
    owner: str
    runbook: str
    confirm_needed: bool
    arguments: list[str]
    schedule: str | None
    time_zone: str | None
    in_words: str | None
    after: list[str]
    next_run_at: datetime | None
    last_run: Run | None
    is_paused: bool
    paused_until: datetime | None
    paused_by: str
    paused_reason: str
    held_by: str
    held_until: datetime | None
    held_reason: str
    disabled_by: str
    overridden_by: str
    overridden_until: datetime | None
    overridden_reason: str
    override_flaw: str


def overview(names: Sequence[str] | None = None, now: datetime | None = None) -> list[Overview]:
    """These jobs, or all, in the order of their declaration. Two queries, for any number of jobs.

    Raises UnknownJob.
    """
    jobs = [registry[name] for name in (registry if names is None else names)]
    keys = [job.name for job in jobs]
    latest = latest_runs(keys)
    moment = now or timezone.now()
    current = in_force.by_job(keys, moment)
    return [_overview(job, current.get(job.name, InForce()), latest.get(job.name), moment) for job in jobs]


# DISTINCT ON would read every run of every job; this reads one index entry for each job. `job = …` alone lets the
# planner choose the primary key, and walk back through all of history for a job that never ran.
_LATEST = """
    FROM unnest(%s::text[]) AS declared(job), LATERAL (
         SELECT * FROM nightshift_run r WHERE r.job >= declared.job AND r.job <= declared.job
          ORDER BY r.job, r.id DESC LIMIT 1
    ) AS latest
"""


def latest_runs(names: Sequence[str]) -> dict[str, Run]:
    """The latest run of each job that has one, whatever its status."""
    return {run.job: run for run in Run.objects.raw(f"SELECT latest.* {_LATEST}", [list(names)])}


# How a job may be: what is in force of it, or the status of its latest run.
STATES = ("paused", "overridden", "disabled", "never_ran", *Status.values)


def in_state(state: str, names: Sequence[str], now: datetime | None = None) -> list[str]:
    """Those of these declared jobs that are in one of the STATES. One query at most."""
    if state == "disabled":
        return [name for name in names if setting_that_disables(name)]
    if state in {"paused", "overridden"}:
        current = in_force.by_job(names, now or timezone.now())
        kind = "pause" if state == "paused" else "override"
        return [name for name in names if getattr(current.get(name), kind, None) is not None]
    rows: list[tuple[str, str]] = sql.rows(f"SELECT latest.job, latest.status {_LATEST}", [list(names)])
    latest = dict(rows)
    return [name for name in names if latest.get(name, "never_ran") == state]


def visible_arguments(run: Run) -> list[str]:
    """A run's arguments as a person may see them: the values of secret options are masked."""
    return masking.hide(registry.get(run.job), run.arguments)


def run_facts(run: Run) -> dict[str, Any]:
    """A run as the commands write it in JSON: the names and values that the API gives. Durations are in seconds."""
    return {
        "id": run.pk,
        "job": run.job,
        "trigger": run.trigger,
        "status": run.status,
        "scheduled_for": run.scheduled_for,
        "arguments": visible_arguments(run),
        "requested_by": run.requested_by,
        "created_at": run.created_at,
        "not_before": run.not_before,
        "started_at": run.started_at,
        "finished_at": run.finished_at,
        "duration": run.duration.total_seconds() if run.duration is not None else None,
        "lateness": run.lateness.total_seconds() if run.lateness is not None else None,
        "attempt": run.attempt,
        "reason": run.reason,
        "error": run.error,
        "result": run.result,
        "progress": run.progress,
        "labels": run.labels,
        "retry_of": run.retry_of_id,
        "pinned": run.pinned,
        "blocked_by": run.blocked_by_id,
        "chained_from": run.chained_from_id,
        "cancelled_by": run.cancelled_by,
    }


def _overview(declared: Job, current: InForce, last_run: Run | None, now: datetime) -> Overview:
    pause, override, hold = current
    job = overrides.applied(declared, override)
    return Overview(
        name=job.name,
        command=job.command,
        description=job.description,
        labels=list(job.labels),
        owner=job.owner,
        runbook=job.runbook,
        confirm_needed=bool(job.confirm),
        arguments=masking.hide(job, job.arguments),
        schedule=job.schedule.expression.text if job.schedule else None,
        time_zone=job.schedule.zone.key if job.schedule else None,
        in_words=describe(job.schedule.expression) if job.schedule else None,
        after=list(job.after),
        next_run_at=upcoming.next_run_at(declared, current, now),
        last_run=last_run,
        is_paused=pause is not None,
        paused_until=pause.until if pause else None,
        paused_by=pause.by if pause else "",
        paused_reason=pause.reason if pause else "",
        held_by=hold.by if hold else "",
        held_until=hold.until if hold else None,
        held_reason=hold.reason if hold else "",
        disabled_by=setting_that_disables(job.name),
        overridden_by=override.by if override else "",
        overridden_until=override.until if override else None,
        overridden_reason=override.reason if override else "",
        override_flaw=overrides.unreadable(declared, override),
    )
