"""End a run."""

from jobs.access.actor import Actor
from jobs.choices import Status, Verb
from jobs.ledger import triggers
from jobs.models import Run
from jobs.sentences import Sentence
from jobs.verbs.acting import acting, run_of


class Ended(Sentence, ValueError):
    """Run {run.pk} of {run.job} has ended: it is {run.status}. There is nothing to cancel."""

    def __init__(self, run: Run) -> None:
        super().__init__(run=run)


def cancel(actor: Actor, run_id: int, *, reason: str = "") -> Status | None:
    """Ask for the end of a run. Gives its status now: cancelled, or running until it obeys; None if it had ended.

    Raises UnknownRun or Refused.
    """
    run = run_of(actor, Verb.CANCEL, run_id)
    with acting(actor, Verb.CANCEL, run.job):
        return triggers.cancel(run_id, actor.name, reason)
