"""A job: how it stands, its latest runs, and what it declares."""

from django.http import HttpRequest
from django.utils import timezone

from jobs import masking
from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard.charts import strip
from jobs.dashboard.pages import Context, page
from jobs.declarations.registry import registry
from jobs.formats import command_line
from jobs.models import Run
from jobs.reading import keyset
from jobs.reading.attention import attention
from jobs.reading.board import standings
from jobs.reading.schedules import with_zone

LATEST = 20


@page("job.html", every=10)
def job(request: HttpRequest, actor: Actor, name: str) -> Context:
    actor.require(Verb.VIEW, name)
    declared, now = registry[name], timezone.now()
    [standing] = standings([name], now)
    return {
        "title": name,
        "at": "jobs",
        "job": standing.job,
        "standing": standing,
        "says": f"{name}: {standing.state}",
        "schedule": with_zone(standing.job),
        "declared": declared,
        "command": command_line([standing.job.command, *masking.hide(standing.job, standing.job.arguments)]),
        "strip": strip(standing.marks),
        "matters": attention([standing], now),
        "runs": list(keyset.runs(Run.objects.all(), name)[:LATEST]),
        "may_run": actor.may(Verb.RUN, name),
        "may_pause": actor.may(Verb.PAUSE, name),
    }
