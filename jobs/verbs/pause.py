"""Pause a job, and resume it."""

from datetime import datetime

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.declarations.registry import registry
from jobs.ledger import interventions
from jobs.verbs.acting import acting


def pause(actor: Actor, job: str, *, reason: str = "", until: datetime | None = None) -> None:
    """Skip the job's occurrences from now on. Raises Unseen, Refused, UnknownJob, AlreadyPaused, PauseEndsInThePast."""
    with acting(actor, Verb.PAUSE, job):
        interventions.pause(registry[job], by=actor.name, reason=reason, until=until)


def resume(actor: Actor, job: str) -> None:
    """End the pause. Raises Unseen, Refused, UnknownJob or NotPaused."""
    with acting(actor, Verb.PAUSE, job):
        interventions.resume(interventions.declared_or_left(job), by=actor.name)
