"""Act on many runs or jobs: on what somebody has selected, and on each only as far as they may."""

from datetime import datetime

from jobs.access.actor import Actor
from jobs.choices import Act, Door, Trigger, Verb
from jobs.ledger import events, selections
from jobs.ledger.selections import Applied
from jobs.verbs.acting import refused
from jobs.verbs.start import confirmed

NEEDS = {
    Act.CANCEL: Verb.CANCEL,
    Act.RETRY: Verb.RUN,
    Act.PAUSE: Verb.PAUSE,
    Act.RESUME: Verb.PAUSE,
    Act.RUN: Verb.RUN,
}
# These start something: of a job that asks for its word of confirmation, nothing.
STARTS = {Act.RETRY, Act.RUN}


def act_on_selection(actor: Actor, token: str, act: Act, *, reason: str = "", until: datetime | None = None) -> Applied:
    """Act on the next members of a selection of the actor's own.

    A member that the actor may not do this with, or whose job asks for its word of confirmation, is left alone; its
    result says so. Raises UnknownSelection, SelectionExpired or OtherAct.
    """

    def allowed(job: str) -> bool:
        if not actor.may(NEEDS[act], job):
            refused(actor, NEEDS[act], job)
            return False
        if act in STARTS:
            confirmed(actor, job, "")
        return True

    trigger = Trigger.API if actor.door is Door.API else Trigger.MANUAL
    with events.coming_from(actor.door, actor.address, actor.token):
        return selections.apply(token, act, by=actor.name, allowed=allowed, reason=reason, until=until, trigger=trigger)
