"""The schedule that an operator names by its job."""

from django.core.management.base import CommandError

from jobs.declarations import UnknownJob, registry
from jobs.occurrences import Schedule


def scheduled(name: str) -> Schedule:
    """The schedule of the job with this name. Raises CommandError where there is no such job, or it has none."""
    try:
        job = registry[name]
    except UnknownJob as error:
        raise CommandError(str(error)) from None
    if job.schedule is None:
        how = f"it runs after {', '.join(job.after)}" if job.after else "it is started by hand"
        raise CommandError(f"{name} has no schedule: {how}.")
    return job.schedule
