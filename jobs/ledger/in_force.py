"""Which interventions are in force: the one place that reads them, for the ledger's rules and for the doors.

`settle` reads those of its window with the state rows, in one statement (`states`).
"""

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from jobs.choices import InterventionKind
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.models import Intervention

# The job of an intervention that is of all jobs.
EVERYTHING = ""


def condition(now: str) -> str:
    """For a statement of the ledger's: whether its intervention `i` is in force at the moment `now`, given in SQL."""
    return f"i.ended_at IS NULL AND (i.until IS NULL OR i.until > {now})"


class InForce(NamedTuple):
    """What is in force of a job. A hold is in force of all."""

    pause: Intervention | None = None
    override: Intervention | None = None
    hold: Intervention | None = None


def by_job(names: Collection[str] | None = None, at: datetime | None = None) -> dict[str, InForce]:
    """What is in force of these jobs, or of all, at a moment; jobs of which nothing is are left out. One query."""
    found = Intervention.objects.in_force(at)
    if names is None:
        return of_each(found, registry)
    return of_each(found.filter(job__in=[*names, EVERYTHING]), names)


def of_each(found: Iterable[Intervention], names: Iterable[str]) -> dict[str, InForce]:
    """Interventions by their job: at most one of each kind. A hold is in force of all these jobs."""
    kinds_of: dict[str, dict[str, Intervention]] = {}
    for intervention in found:
        kinds_of.setdefault(intervention.job, {})[intervention.kind] = intervention
    held = kinds_of.pop(EVERYTHING, {})
    return {job: InForce(**kinds_of.get(job, {}), **held) for job in {*kinds_of, *(names if held else ())}}


def hold(at: datetime | None = None) -> Intervention | None:
    """The hold that is in force."""
    return Intervention.objects.in_force(at).filter(job=EVERYTHING, kind=InterventionKind.HOLD).first()


def override_of(job: Job, at: datetime | None = None) -> Intervention | None:
    """The override of a job that is in force: now by the database's clock, or that was or will be at a moment."""
    return overrides_of([job.name], at).get(job.name)


def overrides_of(names: Collection[str], at: datetime | None = None) -> dict[str, Intervention]:
    """The same of several jobs."""
    kind = InterventionKind.OVERRIDE
    return {found.job: found for found in Intervention.objects.in_force(at).filter(job__in=names, kind=kind)}


def pause_of(job: Job) -> str:
    """In a sentence, by whom the job is paused now; empty where it isn't."""
    pause = Intervention.objects.in_force().filter(job=job.name, kind=InterventionKind.PAUSE).first()
    return f"The job was paused by {pause.by}{f': {pause.reason}' if pause.reason else '.'}" if pause else ""
