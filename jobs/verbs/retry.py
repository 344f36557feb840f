"""Ask for an ended run once more."""

from collections.abc import Sequence

from jobs.access.actor import Actor
from jobs.choices import Door, Trigger, Verb
from jobs.ledger import retrying
from jobs.ledger.idempotency import Key
from jobs.models import Run
from jobs.verbs.acting import acting, run_of
from jobs.verbs.start import confirmed


def retry(
    actor: Actor, run_id: int, words: Sequence[str] | None = None, *, confirm: str = "", key: Key | None = None
) -> Run:
    """Queue a new run with the words of an ended one, or with others.

    The run comes back queued, or skipped where the job's overlap policy says so. Raises UnknownRun, Refused,
    StillActive, UnknownJob, Unconfirmed, what `check_arguments` raises, and with a key what `once` answers.
    """
    run = run_of(actor, Verb.RUN, run_id)
    with acting(actor, Verb.RUN, run.job):
        confirmed(actor, run.job, confirm)
        trigger = Trigger.API if actor.door is Door.API else Trigger.MANUAL
        return retrying.retry(run_id, words, requested_by=actor.name, trigger=trigger, key=key)
