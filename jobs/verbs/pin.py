"""Keep a run for ever, and leave it to retention again."""

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.ledger import pins
from jobs.verbs.acting import acting, run_of


def pin(actor: Actor, run_id: int, *, reason: str = "") -> bool | None:
    """False where it was pinned already. Raises UnknownRun or Refused."""
    run = run_of(actor, Verb.OVERRIDE, run_id)
    with acting(actor, Verb.OVERRIDE, run.job):
        return pins.pin(run_id, by=actor.name, reason=reason)


def unpin(actor: Actor, run_id: int, *, reason: str = "") -> bool | None:
    """False where it wasn't pinned. Raises UnknownRun or Refused."""
    run = run_of(actor, Verb.OVERRIDE, run_id)
    with acting(actor, Verb.OVERRIDE, run.job):
        return pins.unpin(run_id, by=actor.name, reason=reason)
