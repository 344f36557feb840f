"""Start a job now, or at a later moment."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import NamedTuple

from jobs.access.actor import Actor
from jobs.choices import Door, Trigger, Verb
from jobs.declarations.registry import registry
from jobs.ledger import idempotency, triggers
from jobs.ledger.idempotency import AlreadyStarted, Key
from jobs.models import Run
from jobs.reading.seen import run_of
from jobs.sentences import Sentence
from jobs.verbs.acting import acting


class Unconfirmed(Sentence, ValueError):
    """Job {job!r} starts only with its word of confirmation: send confirm={word!r}."""

    def __init__(self, job: str, word: str) -> None:
        super().__init__(job=job, word=word)


class Started(NamedTuple):
    """The run, and whether an earlier request with the same key started it."""

    run: Run
    replayed: bool


def start(
    actor: Actor,
    job: str,
    words: Sequence[str] | None = None,
    *,
    not_before: datetime | None = None,
    confirm: str = "",
    labels: Sequence[str] = (),
    despite_hold: bool = False,
    key: Key | None = None,
    ring: bool = True,
) -> Run:
    """Queue a run of the job, with other words than the declared ones where they are given.

    The run comes back queued, or skipped where the job's overlap policy says so. Raises Unseen, Refused, Unconfirmed,
    UnknownJob, what `check_arguments` raises, and with a key what `once` answers.
    """
    with acting(actor, Verb.RUN, job):
        confirmed(actor, job, confirm)
        trigger = Trigger.API if actor.door is Door.API else Trigger.MANUAL
        return triggers.request(
            job,
            words,
            trigger=trigger,
            requested_by=actor.name,
            not_before=not_before,
            labels=labels,
            despite_hold=despite_hold,
            key=key,
            ring=ring,
        )


def confirmed(actor: Actor, job: str, word: str) -> None:
    """Raises UnknownJob, and Unconfirmed where the job asks for another word; not at the shell."""
    declared = registry[job]
    if declared.confirm and word != declared.confirm and actor.door is not Door.SHELL:
        raise Unconfirmed(job, declared.confirm)


def once(actor: Actor, key: Key | None, begin: Callable[[Key | None], Run]) -> Started:
    """What `begin` starts, for a client that may repeat its request: without a key each request starts a run.

    `begin` passes the key on to what it calls, which keeps it with the run. Raises StillAtWork, UsedForAnother,
    UnknownRun where retention has deleted the run, and what `begin` raises.
    """
    try:
        # What has been started is given back, though its job asks for another word by now.
        if key is not None and (known := idempotency.run_of(key)) is not None:
            raise AlreadyStarted(known)
        return Started(begin(key), replayed=False)
    except AlreadyStarted as found:
        return Started(run_of(actor, found.run_id), replayed=True)
