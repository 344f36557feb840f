"""Replace a job's schedule, time zone or arguments for a while, and end that."""

from collections.abc import Sequence
from datetime import datetime

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.declarations.registry import registry
from jobs.ledger import interventions
from jobs.verbs.acting import acting


def override(
    actor: Actor,
    job: str,
    *,
    schedule: str = "",
    time_zone: str = "",
    words: Sequence[str] | None = None,
    reason: str = "",
    until: datetime | None = None,
) -> None:
    """Raises Unseen, Refused, UnknownJob, and what `interventions.override` raises."""
    with acting(actor, Verb.OVERRIDE, job):
        interventions.override(
            registry[job],
            schedule=schedule,
            time_zone=time_zone,
            arguments=words,
            by=actor.name,
            reason=reason,
            until=until,
        )


def end_override(actor: Actor, job: str) -> None:
    """Let the declaration apply again. Raises Unseen, Refused, UnknownJob or NotOverridden."""
    with acting(actor, Verb.OVERRIDE, job):
        interventions.end_override(interventions.declared_or_left(job), by=actor.name)
