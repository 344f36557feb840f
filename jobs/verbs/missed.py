"""Run occurrences that got no run, and look first which those are."""

from datetime import datetime

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.declarations.registry import registry
from jobs.ledger import missed
from jobs.ledger.missed import Missed, Repaired
from jobs.verbs.acting import acting
from jobs.verbs.start import confirmed


def preview_missed(
    actor: Actor,
    job: str,
    *,
    gap: int | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    limit: int = missed.AT_ONCE,
) -> Missed:
    """What `run_missed` would run. Raises Unseen, Refused, UnknownJob, and what `missed.preview` raises."""
    with acting(actor, Verb.RUN, job):
        return missed.preview(registry[job], gap=gap, after=after, before=before, limit=limit)


def run_missed(
    actor: Actor,
    job: str,
    *,
    gap: int | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    note: str = "",
    confirm: str = "",
    limit: int = missed.AT_ONCE,
) -> Repaired:
    """Queue a run for each of these occurrences. Raises Unconfirmed too, and what `preview_missed` does."""
    with acting(actor, Verb.RUN, job):
        confirmed(actor, job, confirm)
        return missed.run_missed(
            registry[job], gap=gap, after=after, before=before, requested_by=actor.name, note=note, limit=limit
        )
