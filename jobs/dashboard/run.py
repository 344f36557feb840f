"""A run: what became of it, its attempts, and the end of what it wrote."""

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import ENDED, Verb
from jobs.dashboard.pages import Context, page
from jobs.formats import command_line
from jobs.models import Attempt, Run
from jobs.reading.overview import visible_arguments
from jobs.reading.transcript import UnknownRun


@page("run.html", every=5)
def run(request: HttpRequest, actor: Actor, pk: int) -> Context:
    found = Run.objects.filter(pk=pk).first()
    if found is None or not actor.may(Verb.VIEW, found.job):
        raise UnknownRun(pk)
    return {
        "title": f"Run {pk}",
        "at": "runs",
        "every": None if found.status in ENDED else 5,
        "says": f"Run {pk}: {found.get_status_display()}",
        "run": found,
        "arguments": command_line(visible_arguments(found)),
        "attempts": list(Attempt.objects.filter(run=pk).order_by("number")),
    }
