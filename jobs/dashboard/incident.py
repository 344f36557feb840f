"""An incident: what is wrong since when, how bad it is, what to do, and who does it."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import Prefetch
from django.http import HttpRequest
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import ENDED, Verb
from jobs.dashboard import asked, preferences
from jobs.dashboard.incidents import row
from jobs.dashboard.output import box
from jobs.dashboard.pages import Context, act, page
from jobs.declarations.registry import registry
from jobs.models import Delivery, DeliveryAttempt, Incident, Run
from jobs.reading import keyset
from jobs.reading.advice import ADVICE
from jobs.reading.incident_timeline import moments
from jobs.reading.incidents import incident_of
from jobs.reading.output.pieces import read_after
from jobs.sentences import Sentence
from jobs.verbs import incident as verbs

# Of the output its end, where a command says why it failed.
TAIL, LINES = 8 * 1024, 20
TRIES = DeliveryAttempt.objects.order_by("number")
HOUR, MORNING = timedelta(hours=1), 8


class NoEnd(Sentence, ValueError):
    """Say until when: write a date and a time, such as 2026-01-31T08:00."""


@page("incident.html", every=10)
def incident(request: HttpRequest, actor: Actor, pk: int) -> Context:
    found = incident_of(actor, pk)
    job, run = registry.get(found.job), _run(found)
    may_act = actor.may(Verb.ALERTS, found.job) if found.job else actor.may_everywhere(Verb.ALERTS)
    return (
        row(found)
        | {
            "title": f"Incident {pk}",
            "at": "incidents",
            "every": None if found.resolved_at else 10,
            "says": f"Incident {pk}: {'resolved' if found.resolved_at else found.detail}",
            "advice": ADVICE[found.cause],
            "owner": job.owner if job else "",
            "runbook": job.runbook if job else "",
            "is_declared": job is not None,
            "moments": moments(found),
            "deliveries": Delivery.objects.about(found).prefetch_related(Prefetch("tries", TRIES)),
            "may_act": may_act and not found.resolved_at,
            "may_run": bool(job) and actor.may(Verb.RUN, found.job),
            "run": run,
            "has_ended": run is not None and run.status in ENDED,
            "base": request.build_absolute_uri(f"/api/v1/incidents/{pk}"),
        }
        | _output(actor, run)
    )


def _run(found: Incident) -> Run | None:
    """The latest run that it is about; of an incident without one, the job's latest."""
    if found.last_run_id:
        return Run.objects.filter(pk=found.last_run_id).first()
    return keyset.by_index(Run.objects.all(), job=found.job).first() if found.job else None


def _output(actor: Actor, run: Run | None) -> Context:
    if run is None or not run.attempt or not actor.may(Verb.OUTPUT, run.job):
        return {}
    shown: dict[str, Any] = box(run, read_after(run.pk, tail=TAIL))
    return {"rows": shown["rows"][-LINES:]}


@act
def do_with_an_incident(request: HttpRequest, actor: Actor, pk: int) -> str:
    """The buttons of its page; `do` says which."""
    note = asked.text(request, "note", length=10_000)
    match request.POST.get("do"):
        case "acknowledge":
            verbs.acknowledge(actor, pk, note=note)
            return f"You work on incident {pk}."
        case "resolve":
            verbs.resolve(actor, pk, note=note)
            return f"Incident {pk} is resolved."
        case "wake":
            verbs.snooze(actor, pk, None)
            return f"Incident {pk} is snoozed no longer."
        case ("hour" | "morning" | "until") as length:
            until = _until(request, length)
            verbs.snooze(actor, pk, until)
            zone = preferences.of(request).zone
            return f"Nothing is sent about incident {pk} until {until.astimezone(zone):%a %-d %b %H:%M} {zone.key}."
    return ""


def _until(request: HttpRequest, length: str) -> datetime:
    """By the reader's clock. Raises NoEnd or UnreadableMoment."""
    now, zone = timezone.now(), preferences.of(request).zone
    if length == "hour":
        return now + HOUR
    if length == "morning":
        local = now.astimezone(zone)
        day = local.date() + timedelta(days=local.hour >= MORNING)
        return datetime(day.year, day.month, day.day, MORNING, tzinfo=zone)
    until = asked.moment(asked.text(request, "until"), zone)
    if until is None:
        raise NoEnd
    return until
