"""Hold everything, and end the hold. Only who may pause all jobs does."""

from datetime import datetime

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.ledger import holds
from jobs.models import Intervention
from jobs.verbs.acting import acting_everywhere


def hold(actor: Actor, *, reason: str, until: datetime | None = None, all_starts: bool = False) -> Intervention:
    """From now on let nothing start by itself. Raises Refused, AlreadyHeld or HoldEndsInThePast."""
    with acting_everywhere(actor, Verb.PAUSE):
        return holds.hold(by=actor.name, reason=reason, until=until, all_starts=all_starts)


def end_hold(actor: Actor) -> Intervention:
    """Let jobs start by themselves again. Raises Refused or NotHeld."""
    with acting_everywhere(actor, Verb.PAUSE):
        return holds.end_hold(by=actor.name)
