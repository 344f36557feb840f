"""How bad an incident is: by its cause, and one step worse for a job that is labelled `critical`."""

from jobs.choices import SEVERITY, Cause, Severity
from jobs.declarations.job import Job

# From the mildest to the worst.
SEVERITIES = tuple(reversed(Severity))
CRITICAL_LABEL = "critical"


def severity(cause: str, job: Job | None) -> Severity:
    """`job` is None where it is no longer declared, or Nightshift itself was away."""
    is_raised = job is not None and CRITICAL_LABEL in job.labels
    return SEVERITIES[min(rank(SEVERITY[Cause(cause)]) + is_raised, len(SEVERITIES) - 1)]


def rank(severity: str) -> int:
    """The higher, the worse."""
    return SEVERITIES.index(Severity(severity))
