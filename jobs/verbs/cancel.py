"""End a run."""

from jobs.access.actor import Actor
from jobs.choices import Status, Verb
from jobs.ledger import triggers
from jobs.verbs.acting import acting, run_of


def cancel(actor: Actor, run_id: int, *, reason: str = "") -> Status | None:
    """Ask for the end of a run. Gives its status now: cancelled, or running until it obeys; None if it had ended.

    Raises UnknownRun or Refused.
    """
    run = run_of(actor, Verb.CANCEL, run_id)
    with acting(actor, Verb.CANCEL, run.job):
        return triggers.cancel(run_id, actor.name, reason)
