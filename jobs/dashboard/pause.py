"""The form that pauses a job, with a reason and an end."""

from datetime import timedelta

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard.pages import Context, act, page
from jobs.declarations.registry import registry
from jobs.sentences import Sentence
from jobs.verbs import pause as verbs

# How long, by the form's value. A pause without an end is forgotten sooner or later, so it comes last.
LENGTHS = {
    "1h": ("an hour", timedelta(hours=1)),
    "8h": ("8 hours", timedelta(hours=8)),
    "1d": ("a day", timedelta(days=1)),
    "7d": ("a week", timedelta(days=7)),
    "": ("until somebody resumes it", None),
}


class NoReason(Sentence, ValueError):
    """Say why {job} is paused: whoever sees it at night will ask."""

    def __init__(self, job: str) -> None:
        super().__init__(job=job)


def pause(request: HttpRequest, name: str) -> HttpResponseBase:
    """GET shows the form, POST pauses the job."""
    return do_pause(request, name) if request.method == "POST" else ask(request, name)


@page("pause.html")
def ask(request: HttpRequest, actor: Actor, name: str) -> Context:
    actor.require(Verb.PAUSE, name)
    lengths = [(value, words) for value, (words, _) in LENGTHS.items()]
    return {"title": f"Pause {name}", "at": "jobs", "job": registry[name], "lengths": lengths}


@act
def do_pause(request: HttpRequest, actor: Actor, name: str) -> str:
    reason = request.POST.get("reason", "").strip()
    if not reason:
        raise NoReason(job=name)
    words, length = LENGTHS.get(request.POST.get("length", ""), LENGTHS[""])
    verbs.pause(actor, name, reason=reason, until=timezone.now() + length if length else None)
    return f"{name} is paused {'for ' if length else ''}{words}."
