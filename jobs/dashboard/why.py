"""Why did it run, or not? A person picks a moment and reads the sentence."""

from django.http import HttpRequest
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard import asked
from jobs.dashboard.pages import Context, page
from jobs.declarations.registry import registry
from jobs.ledger.eras import INSTANT
from jobs.reading.explain import explain, schedule_of, zone_of


@page("why.html")
def why(request: HttpRequest, actor: Actor, name: str) -> Context:
    actor.require(Verb.VIEW, name)
    job, now = registry[name], timezone.now()
    zone, schedule = zone_of(job), schedule_of(job)
    context: Context = {
        "title": f"Why? {name}",
        "at": "jobs",
        "job": job,
        "zone": zone,
        "may_run": actor.may(Verb.RUN, name) and not job.after,
    }
    try:
        when = asked.moment(asked.text(request, "at"), zone)
    except asked.UnreadableMoment as error:
        return context | {"error": str(error), "typed": asked.text(request, "at")}
    found = explain(job, when, now)
    at = found.occurrence or (found.run.created_at if found.run else None)
    return context | {
        "typed": asked.field(when or at, zone),
        "found": found,
        "says": found.text,
        # For a moment that is no occurrence its neighbours are known; else they are computed.
        "earlier": schedule and at and schedule.previous(at),
        "later": schedule and at and schedule.next(at + INSTANT),
    }
