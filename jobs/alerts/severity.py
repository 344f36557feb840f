"""How bad an incident is: by its cause, and one step worse for a job that is labelled `critical`."""

from jobs.choices import Cause
from jobs.declarations.job import Job

# From the mildest to the worst.
SEVERITIES = ("info", "warning", "error", "critical")
CRITICAL_LABEL = "critical"
_BY_CAUSE = {
    Cause.NOT_RUNNING: "critical",
    Cause.FAILED: "error",
    Cause.LOST: "error",
    Cause.MISSED: "error",
    Cause.MUST_SUCCEED_BY: "error",
    Cause.NOT_SUCCEEDED_FOR: "error",
    Cause.RATE: "warning",
    Cause.FLAPPING: "warning",
    Cause.LATE_START: "warning",
    Cause.STILL_RUNNING: "warning",
    Cause.SLOWER_THAN: "warning",
    Cause.OUTPUT_MATCHES: "warning",
    Cause.FORGOTTEN_PAUSE: "info",
    Cause.DRIFT: "info",
}


def severity(cause: str, job: Job | None) -> str:
    """Of an incident with this cause; `job` is None where it is no longer declared, or Nightshift itself was away."""
    found = rank(_BY_CAUSE[Cause(cause)])
    is_raised = job is not None and CRITICAL_LABEL in job.labels
    return SEVERITIES[min(found + is_raised, len(SEVERITIES) - 1)]


def rank(name: str) -> int:
    """The higher, the worse."""
    return SEVERITIES.index(name)
