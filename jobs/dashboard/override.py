"""The form that replaces a job's schedule, time zone or arguments for a while, and the button that ends that."""

from typing import Any

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard import asked
from jobs.dashboard.pages import Context, act, page, show
from jobs.dashboard.pause import LENGTHS
from jobs.declarations.job import Job
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand
from jobs.declarations.registry import registry
from jobs.formats import command_line
from jobs.ledger import in_force
from jobs.ledger.interventions import NothingToOverride
from jobs.reading.drift import of_job
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.zones import UnknownZone
from jobs.sentences import Sentence
from jobs.verbs.override import end_override
from jobs.verbs.override import override as begin_override

WRONG = (Sentence, NothingToOverride, InvalidExpression, UnknownZone, InvalidArguments, UnknownCommand, BrokenCommand)
# As those of a pause; the last one ends in other words.
ENDS = {value: words if value else "until somebody ends it" for value, (words, _) in LENGTHS.items()}
FIELDS = ("schedule", "time_zone", "arguments", "reason", "length")


class NoReason(Sentence, ValueError):
    """Say why {job} is overridden: whoever sees it at night will ask."""

    def __init__(self, job: str) -> None:
        super().__init__(job=job)


def override(request: HttpRequest, name: str) -> HttpResponseBase:
    """GET shows the form, POST overrides the job, or ends the override."""
    return do_override(request, name) if request.method == "POST" else ask(request, name)


@page("override.html")
def ask(request: HttpRequest, actor: Actor, name: str) -> Context:
    actor.require(Verb.OVERRIDE, name)
    return _form(registry[name], dict.fromkeys(FIELDS, "") | {"length": "8h"})


def _form(job: Job, typed: dict[str, str]) -> Context:
    current = in_force.by_job([job.name]).get(job.name, in_force.InForce())
    return {
        "title": f"Override {job.name}",
        "at": "jobs",
        "job": job,
        "current": current.override,
        "differences": list(of_job(job, current._replace(pause=None))),
        "arguments": command_line(job.arguments) if not job.secrets else "",
        "typed": typed,
        "lengths": list(ENDS.items()),
    }


@act
def do_override(request: HttpRequest, actor: Actor, name: str) -> str | HttpResponse:
    if "end" in request.POST:
        end_override(actor, name)
        return f"{name} uses its declaration again."
    typed: dict[str, Any] = {field: asked.text(request, field, 10_000) for field in FIELDS}
    typed["length"] = typed["length"] if typed["length"] in LENGTHS else ""
    _, length = LENGTHS[typed["length"]]
    try:
        if not typed["reason"]:
            raise NoReason(name)
        begin_override(
            actor,
            name,
            schedule=typed["schedule"],
            time_zone=typed["time_zone"],
            words=asked.words(typed["arguments"]) if typed["arguments"] else _none(request),
            reason=typed["reason"][:300],
            until=timezone.now() + length if length else None,
        )
    except WRONG as error:
        # What was typed stays.
        actor.require(Verb.OVERRIDE, name)
        return show(request, actor, "override.html", _form(registry[name], typed) | {"error": str(error)}, 422)
    return f"{name} is overridden {'for ' if length else ''}{ENDS[typed['length']]}."


def _none(request: HttpRequest) -> list[str] | None:
    """No arguments at all, where the person says so; None: as declared."""
    return [] if "without_arguments" in request.POST else None
