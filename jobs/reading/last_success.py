"""The last run of a job that succeeded before another one, and how many have gone wrong since."""

from dataclasses import dataclass
from datetime import datetime

from jobs.formats import counted
from jobs.ledger import sql
from jobs.models import Run

# More failures in a row are counted as so many and more.
MOST = 1_000


@dataclass(frozen=True, slots=True)
class LastSuccess:
    """`failures` are those between it and the run that is looked at, which don't include that one."""

    run_id: int
    at: datetime
    release: str
    failures: int


def last_success(run: Run) -> LastSuccess | None:
    """Of the runs of this job before this one; None where none succeeded. One query."""
    # Written as ranges, so that PostgreSQL reads the index of the job's successes from its end.
    row = sql.row(
        """
        SELECT found.id, found.finished_at,
               coalesce((SELECT release FROM nightshift_attempt WHERE run_id = found.id
                          ORDER BY number DESC LIMIT 1), ''),
               (SELECT count(*) FROM (
                       SELECT FROM nightshift_run r
                        WHERE r.job >= %(job)s AND r.job <= %(job)s AND r.id > found.id AND r.id < %(run)s
                          AND r.status IN ('failed', 'timed_out', 'lost', 'missed') LIMIT %(most)s) AS since)
          FROM (SELECT id, finished_at FROM nightshift_run s
                 WHERE s.job >= %(job)s AND s.job <= %(job)s AND s.id < %(run)s AND s.status = 'succeeded'
                 ORDER BY s.job, s.id DESC LIMIT 1) AS found
        """,
        {"job": run.job, "run": run.pk, "most": MOST},
    )
    return LastSuccess(*row) if row else None


def said_of_failure(found: LastSuccess | None, release: str) -> str:
    """What a person should know first of a run that went wrong under this release."""
    if found is None:
        return "No run of this job has succeeded before."
    if found.failures:
        many = f"{MOST:,} or more failures" if found.failures >= MOST else counted(found.failures, "failure")
        return f"Failing since run {found.run_id} succeeded{_by(found.release)}: {many} before this one."
    if release and release != found.release:
        return f"The first failure since release {release}: run {found.run_id} before it succeeded{_by(found.release)}."
    return f"The first failure since run {found.run_id} succeeded{_by(found.release)}."


def _by(release: str) -> str:
    return f" with release {release}" if release else ""
