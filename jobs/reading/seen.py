"""A run, for whoever may see it."""

from django.db.models import QuerySet

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.models import Run
from jobs.reading.transcript import UnknownRun


def run_of(actor: Actor, run_id: int, verb: Verb = Verb.VIEW, among: QuerySet[Run] | None = None) -> Run:
    """The run. Raises UnknownRun, also where it may not be seen, and Refused. To read is no act: it leaves no event.

    `among` says what else is read of it.
    """
    run = (Run.objects.all() if among is None else among).filter(pk=run_id).first()
    if run is None or not actor.may(Verb.VIEW, run.job):
        raise UnknownRun(run_id)
    actor.require(verb, run.job)
    return run
