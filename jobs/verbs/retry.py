"""Ask for an ended run once more."""

from collections.abc import Sequence

from jobs.access.actor import Actor
from jobs.choices import Door, Trigger, Verb
from jobs.ledger import retrying
from jobs.models import Run
from jobs.verbs.acting import acting, run_of
from jobs.verbs.start import confirmed


def retry(
    actor: Actor, run_id: int, words: Sequence[str] | None = None, *, confirm: str = "", ring: bool = True
) -> Run:
    """Queue a new run with the words of an ended one, or with others.

    The run comes back queued, or skipped where the job's overlap policy says so. Raises UnknownRun, Refused,
    StillActive, UnknownJob, Unconfirmed, and what `check_arguments` raises.
    """
    run = run_of(actor, Verb.RUN, run_id)
    with acting(actor, Verb.RUN, run.job):
        confirmed(actor, run.job, confirm)
        trigger = Trigger.API if actor.door is Door.API else Trigger.MANUAL
        return retrying.retry(run_id, words, requested_by=actor.name, trigger=trigger, ring=ring)
