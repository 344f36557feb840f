"""A job: how it stands, how long it takes, how reliable it is, what became of it, and what it declares."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone

from jobs import masking
from jobs.access.actor import Actor
from jobs.choices import ENDED, Verb
from jobs.dashboard import calendars, durations, job_tables, preferences
from jobs.dashboard.charts import strip
from jobs.dashboard.pages import Context, act, page
from jobs.declarations import alert
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.formats import command_line, counted, format_duration
from jobs.ledger import watched
from jobs.reading.attention import attention
from jobs.reading.bad_hours import LATEST, bad_hours
from jobs.reading.board import Standing, standings
from jobs.reading.coming import coming
from jobs.reading.drift import of_job
from jobs.reading.explain import zone_of
from jobs.reading.fates import fates
from jobs.reading.happenings import happenings
from jobs.reading.incidents import open_of
from jobs.reading.schedules import with_zone
from jobs.reading.year import year_of
from jobs.verbs.note import note_on_job

# Of the latest fates so many are in the chart, and so many in the list.
CHARTED, LISTED = 90, 25
BAD_DAYS, COMING, EVENTS, NOTES = 60, 10, 15, 20


@page("job.html", every=10)
def job(request: HttpRequest, actor: Actor, name: str) -> Context:
    actor.require(Verb.VIEW, name)
    now = timezone.now()
    [standing] = standings([name], now)
    declared = registry[name]
    events, notes = happenings(name, EVENTS, NOTES)
    return {
        "title": name,
        "at": "jobs",
        "job": standing.job,
        "standing": standing,
        "says": f"{name}: {standing.state}",
        "schedule": with_zone(standing.job),
        "command": command_line([standing.job.command, *masking.hide(standing.job, standing.job.arguments)]),
        "strip": strip(standing.marks),
        "matters": attention([standing], now, open_of(name)),
        "differences": list(of_job(declared, standing.current)),
        "rules": list(rules(declared)),
        "alerts": ", ".join(alert.as_text(rule) for rule in watched.of(name).rules.values()),
        "coming": coming(declared, standing.current, now, COMING),
        "zone": zone_of(standing.job),
        "events": events,
        "notes": notes,
        "may_run": actor.may(Verb.RUN, name),
        "may_pause": actor.may(Verb.PAUSE, name),
        "may_override": actor.may(Verb.OVERRIDE, name),
    } | _past(standing, now, preferences.of(request).zone)


def _past(standing: Standing, now: datetime, viewer: ZoneInfo) -> Context:
    """The charts, the months, and the beginning of the ledger."""
    name, zone = standing.job.name, zone_of(standing.job)
    found, year = fates(name, CHARTED), year_of(name, now)
    days = (entry.at.astimezone(now.tzinfo).date() for entry in found.entries)
    points = durations.points([entry for entry in found.entries if entry.fate in ENDED], year.usual(days))
    hours = bad_hours(name, zone)
    return {
        "entries": found.entries[:LISTED],
        "is_longer": len(found.entries) > LISTED or found.older is not None,
        "points": list(job_tables.durations(points[::-1], now, viewer)),
        "durations": durations.durations(points, zone),
        "shapes": durations.legend(),
        "year": year,
        "calendar": calendars.calendar(year),
        "legend": calendars.legend(),
        "bad_days": [(day.day, calendars.said(day)) for day in calendars.bad_days(year, BAD_DAYS)],
        "months": job_tables.months(year.months()),
        "hours": hours and calendars.hours(hours, zone.key),
        "worst_hours": calendars.worst_hours(hours),
        "bad_hours_of": LATEST,
    }


def rules(declared: Job) -> Any:
    """What the declaration says beside schedule and command: pairs of a rule and its value in words."""
    retry = declared.retry
    yield (
        "Overlap",
        declared.overlap.label.lower()
        + (f", at most {declared.max_running} at a time" if declared.max_running else ""),
    )
    yield "Found late", declared.misfire.label.lower()
    if declared.start_deadline:
        deadline = declared.start_deadline
        yield "Start deadline", deadline if isinstance(deadline, str) else format_duration(deadline)
    yield "Timeout", f"{format_duration(declared.timeout)}, then {format_duration(declared.grace)} to end"
    if retry.times:
        yield "Retries", f"{retry.times}, first after {format_duration(retry.delay)}, on {', '.join(retry.on)}"
    if declared.after:
        yield "Follows", ", ".join(declared.after)
    if declared.concurrency_group:
        yield "Group", f"{declared.concurrency_group}, at most {counted(declared.concurrency_limit, 'run')} at a time"
    if declared.confirm:
        yield "Asks for", f"the word “{declared.confirm}” before it starts"
    yield "Declared in", declared.place


@act
def note_on_this_job(request: HttpRequest, actor: Actor, name: str) -> str:
    """The form below the notes."""
    note_on_job(actor, name, request.POST.get("text", ""))
    return f"Noted about {name}."
