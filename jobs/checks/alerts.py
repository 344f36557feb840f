"""Rules of alerts that can't fire, or that fire although all is well: jobs.E028, jobs.W017."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

from django.core.checks import CheckMessage, Error, Warning

from jobs.choices import Misfire, Overlap
from jobs.declarations import alert
from jobs.declarations.alert import Alert
from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.declarations.rules import NEVER
from jobs.formats import format_duration
from jobs.schedule.occurrences import Schedule

# So many occurrences have a weekend among them, or a night.
LOOKED_AT = 50


def rules(**_: Any) -> list[CheckMessage]:
    """Each declared rule of alerts can fire (E028), and doesn't between two runs that succeed (W017)."""
    graph = Graph(registry.values())
    found: list[CheckMessage] = []
    for job in registry.values():
        schedule = job.schedule or next((registry[root].schedule for root in graph.roots(job)), None)
        for rule in job.alerts:
            if isinstance(rule, Alert):
                found += _of(job, rule, schedule)
    return found


def _of(job: Job, rule: Alert, schedule: Schedule | None) -> Iterator[CheckMessage]:
    text = alert.as_text(rule)
    if why := _never(job, rule, schedule):
        yield Error(
            f"The alert {text} of job {job.name!r} can never fire: {why[0]}",
            hint=f"{why[1]} ({job.place})",
            id="jobs.E028",
        )
    elif isinstance(rule, alert.not_succeeded_for) and schedule and (period := _longest_period(schedule)) > rule.after:
        yield Warning(
            f"The alert {text} of job {job.name!r} fires although all is well: from one occurrence to the next it may "
            f"be {format_duration(period)}.",
            hint=f"Write a longer time than that, or must_succeed_by. ({job.place})",
            id="jobs.W017",
        )


def _never(job: Job, rule: Alert, schedule: Schedule | None) -> tuple[str, str] | None:
    """Why the rule can't fire, and what to write."""
    match rule:
        case alert.missed() if job.schedule is None:
            return "the job has no schedule of its own.", "Leave the rule out."
        case alert.missed() if job.start_deadline == NEVER and job.misfire is not Misfire.NONE:
            return "start_deadline='never' lets an occurrence start however late.", "Write late_start(…)."
        case alert.late_start() | alert.must_succeed_by() if schedule is None:
            return "the job is never due, since it has no schedule.", "Write not_succeeded_for(…)."
        case alert.late_start(after=after) if _is_missed_before(job, after):
            return "a run that hasn't started by then was missed at its start_deadline.", "Write a shorter time."
        case alert.slower_than(limit=timedelta() as limit) if limit >= job.timeout:
            return f"a run is stopped at its timeout of {format_duration(job.timeout)}.", "Write a shorter time."
        case alert.still_running(after=after) if after >= job.timeout + job.grace:
            return f"a run is stopped at its timeout of {format_duration(job.timeout)}.", "Write a shorter time."
    return None


def _is_missed_before(job: Job, after: timedelta) -> bool:
    # One that waits for another run has no deadline.
    waits = job.concurrency_group or job.overlap is Overlap.QUEUE
    return isinstance(job.start_deadline, timedelta) and after >= job.start_deadline and not waits


def _longest_period(schedule: Schedule) -> timedelta:
    longest, before = timedelta(0), schedule.next(datetime.now(UTC))
    for _ in range(LOOKED_AT):
        following = schedule.next(before) if before else None
        if before is None or following is None:
            break
        longest, before = max(longest, following - before), following
    return longest
