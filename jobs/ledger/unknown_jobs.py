"""Runs of jobs that this process doesn't know: removed ones, or those of another release at work."""

import logging
from functools import partial

from jobs.declarations.registry import registry
from jobs.formats import format_duration
from jobs.ledger import attempts, claims, doorbell, endings, releases, sql, timing
from jobs.ledger.doorbell import Ring

log = logging.getLogger(__name__)

# How many runs one tick fails at most.
AT_ONCE = 100
# Of a run `r`: it has waited for so long that its job may be unknown to all. `parameters` gives what it needs.
HAS_WAITED = "r.status = 'queued' AND r.not_before <= clock_timestamp() - %(unknown)s"


def parameters() -> dict[str, object]:
    return {"unknown": timing.UNKNOWN}


def pass_on(run: int) -> bool:
    """Whether this run's job is unknown here: then it is left as it is, for a host that knows the job."""
    job = claims.job_of(run)
    if job is None or job in registry:
        return False
    log.warning("left run=%s job=%s: this release doesn't declare the job", run, job)
    if releases.declared_somewhere(job):
        # This message is used up, and the other release's hosts didn't get it.
        doorbell.ring(run, timing.BUSY)
    return True


def fail_unknown() -> list[Ring]:
    """Fail the runs that have waited for long, and whose job no release has declared that was at work meanwhile."""
    waiting = sql.rows(f"SELECT DISTINCT job FROM nightshift_run r WHERE {HAS_WAITED}", parameters())  # noqa: S608
    unknown = [job for (job,) in waiting if not releases.declared_somewhere(job)]
    if not unknown:
        return []
    found = sql.rows(
        f"""
        SELECT id, job FROM nightshift_run r WHERE {HAS_WAITED} AND job = ANY(%(jobs)s)
         ORDER BY coalesce(scheduled_for, not_before), id LIMIT %(limit)s
        """,  # noqa: S608 — the condition is fixed
        parameters() | {"jobs": unknown, "limit": AT_ONCE},
    )
    ends = ((job, partial(_fail, run, job)) for run, job in found)
    return [ring for rings in endings.each_unless_busy(ends) for ring in rings]


def _fail(run: int, job: str) -> list[Ring]:
    # Its command isn't known: one with the job's name may be another.
    error = (
        f"No job is declared as {job!r} by any release at work in the last {format_duration(timing.UNKNOWN)}: "
        "nothing was started. Declare it again, or start its successor."
    )
    ended = attempts.fail_waiting(run, error)
    if ended is None:
        return []
    log.warning("failed run=%s job=%s: no release declares the job", run, job)
    return ended.rings
