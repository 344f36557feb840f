"""A job's schedule in words."""

from functools import lru_cache

from jobs.declarations.job import Job
from jobs.schedule.describe import describe

_described = lru_cache(maxsize=4096)(describe)


def in_words(job: Job) -> str:
    """At 16:15, Monday to Friday; after import_rates; only when asked."""
    if job.schedule:
        return _described(job.schedule.expression.text)
    if job.after:
        return f"After {' and '.join(job.after)}"
    return "Only when it is started"


def with_zone(job: Job) -> str:
    """The same with the zone, where the job has a schedule."""
    return f"{in_words(job)}, {job.schedule.zone.key}" if job.schedule else in_words(job)
