"""The schedule that an operator names by its job."""

from django.core.management.base import CommandError

from jobs.declarations.registry import UnknownJob, registry
from jobs.ledger import overrides
from jobs.schedule.occurrences import Schedule


def scheduled(name: str) -> Schedule:
    """This job's current schedule. Raises CommandError if there is no such job, or it has no schedule."""
    try:
        job = overrides.effective(registry[name])
    except UnknownJob as error:
        raise CommandError(str(error)) from None
    if job.schedule is None:
        how = f"it runs after {', '.join(job.after)}" if job.after else "it is started by hand"
        raise CommandError(f"{name} has no schedule: {how}.")
    return job.schedule
