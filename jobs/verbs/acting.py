"""What the verbs have in common: the decision, the event of a refusal, and the way by which the actor came."""

from collections.abc import Iterator
from contextlib import contextmanager

from jobs.access.actor import Actor, Refused, Unseen
from jobs.choices import Verb
from jobs.declarations.registry import registry
from jobs.ledger import events
from jobs.models import Run
from jobs.reading.transcript import UnknownRun


@contextmanager
def acting(actor: Actor, verb: Verb, job: str) -> Iterator[None]:
    """Act on a job in this block, in the actor's name. Raises Unseen or Refused, and leaves an event of that."""
    with events.coming_from(actor.door, actor.address, actor.token):
        try:
            actor.require(verb, job)
        except (Unseen, Refused):
            refused(actor, verb, job)
            raise
        yield


@contextmanager
def acting_everywhere(actor: Actor, verb: Verb) -> Iterator[None]:
    """The same for what concerns all jobs. Raises Refused."""
    with events.coming_from(actor.door, actor.address, actor.token):
        try:
            actor.require_everywhere(verb)
        except Refused:
            refused(actor, verb, "")
            raise
        yield


def run_of(actor: Actor, verb: Verb, run_id: int) -> Run:
    """The run, if the actor may see its job. Raises UnknownRun where it may not, as where there is none."""
    run = Run.objects.filter(pk=run_id).first()
    if run is None or not actor.may(Verb.VIEW, run.job):
        if run is not None:
            with events.coming_from(actor.door, actor.address, actor.token):
                refused(actor, verb, run.job)
        raise UnknownRun(run_id)
    return run


def refused(actor: Actor, verb: Verb, job: str) -> None:
    """Leave the event of a refusal, or count it in that of the hour: nobody fills the ledger by trying."""
    # A name that nobody declares is what a client made up.
    known = job if job in registry else ""
    what = known or ("a job that is not declared" if job else "all jobs")
    message = f"{actor.name} may not {verb.value} {what}."
    events.refused(message, verb=verb, job=known if job else events.EVERYWHERE, by=actor.name)
