"""The state rows: made when a job is first seen, and locked while something is decided about the job."""

import json
from collections import defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from jobs import clocks, declarations, sql
from jobs.declarations import Job
from jobs.fate import Activity


def begin(jobs: Iterable[Job], at: datetime | None = None) -> None:
    """Make the state rows that don't exist yet. Their ledger begins when this process first saw them, or at `at`.

    The earlier of the two holds.
    """
    seen = first_seen(clock())
    seen = seen if at is None else min(at, seen)
    rows = [
        {
            "job": job.name,
            "fingerprint": job.fingerprint,
            "through": seen.isoformat() if job.schedule else None,
            "next_due": text(job.schedule.next(seen) if job.schedule else None),
        }
        for job in jobs
    ]
    sql.execute(
        """
        INSERT INTO jobs_jobstate
               (job, fingerprint, ledger_from, ledger_through, next_due_at, paused_by, paused_reason)
        SELECT job, fingerprint, through, through, next_due, '', ''
          FROM jsonb_to_recordset(%s)
            AS new(job text, fingerprint text, through timestamptz, next_due timestamptz)
         ORDER BY job
            ON CONFLICT (job) DO NOTHING
        """,
        [json.dumps(rows)],
    )


def first_seen(clock: datetime) -> datetime:
    """When this process could first know what is declared, by the database's clock, which shows `clock` now.

    This machine's own clock may be minutes ahead, which would hide occurrences, or behind, which would invent some.
    """
    return clock - timedelta(seconds=clocks.elapsed() - declarations.FIRST_SEEN)


def lock(job: Job) -> None:
    """Hold the job's lock until the transaction ends."""
    if sql.row("SELECT FROM jobs_jobstate WHERE job = %s FOR UPDATE", [job.name]) is not None:
        return
    begin([job])
    sql.execute("SELECT FROM jobs_jobstate WHERE job = %s FOR UPDATE", [job.name])


def end_override(job: Job, *, by: str = "") -> None:
    """End the job's override where its ledger stands now: from there on that of the declared schedule begins.

    `by` is who ended it; empty where its time was over.
    """
    through: datetime | None = sql.value("SELECT ledger_through FROM jobs_jobstate WHERE job = %s", [job.name])
    following = job.schedule.next(through) if job.schedule and through else None
    sql.execute(
        """
        WITH ended AS (
            SELECT job, override_by AS by FROM jobs_jobstate WHERE job = %(job)s
        ), declared AS (
            UPDATE jobs_jobstate
               SET override_at = NULL, override_until = NULL, override_by = '', override_reason = '',
                   override_schedule = '', override_time_zone = '', override_arguments = NULL,
                   ledger_from = CASE WHEN fingerprint = %(fingerprint)s THEN ledger_from ELSE ledger_through END,
                   last_gap_id = CASE WHEN fingerprint = %(fingerprint)s THEN last_gap_id END,
                   fingerprint = %(fingerprint)s, next_due_at = %(following)s
             WHERE job = %(job)s
        )
        INSERT INTO jobs_event (job, kind, by, message)
        SELECT job, 'override_ended', coalesce(nullif(%(by)s, ''), by),
               CASE WHEN %(by)s = '' THEN 'The override of ' || job || ' by ' || by || ' has ended.'
                    ELSE %(by)s || ' ended the override of ' || job || ' by ' || by || '.' END
          FROM ended
        """,
        {"job": job.name, "fingerprint": job.fingerprint, "following": following, "by": by},
    )


def pause_of(job: Job) -> str:
    """In a sentence, by whom the job is paused now; empty where it isn't."""
    row = sql.row(
        """
        SELECT paused_by, paused_reason FROM jobs_jobstate
         WHERE job = %s AND paused_at IS NOT NULL AND (paused_until IS NULL OR paused_until > clock_timestamp())
        """,
        [job.name],
    )
    return f"The job was paused by {row[0]}{f': {row[1]}' if row[1] else '.'}" if row else ""


def clock() -> datetime:
    """The database's clock."""
    now: datetime = sql.value("SELECT clock_timestamp()")
    return now


def clock_and_watermark(job: Job) -> tuple[datetime, datetime | None]:
    """The database's clock, and how far the job's ledger reaches; None where its present schedule has none yet."""
    found = sql.row(
        "SELECT clock_timestamp(), (SELECT ledger_through FROM jobs_jobstate WHERE job = %s AND fingerprint = %s)",
        [job.name, job.fingerprint],
    )
    assert found is not None
    now, through = found
    return now, through


def activity(since: Mapping[str, datetime | None]) -> dict[str, list[Activity]]:
    """The active runs of these jobs, and those that ended after the moment that a job is given with, oldest first."""
    found: dict[str, list[Activity]] = defaultdict(list)
    rows = sql.rows(
        """
        SELECT r.job, id, created_at, attempt > 0,
               -- A run whose lease ran out is nobody's, though not called lost yet: it is in nobody's way after that.
               CASE WHEN status = 'running' AND lease_expires_at < clock_timestamp() THEN lease_expires_at
                    ELSE finished_at END
          FROM jobs_run r JOIN unnest(%s::text[], %s::timestamptz[]) AS asked(job, since) ON asked.job = r.job
         WHERE (status = 'running' OR (finished_at > since AND status NOT IN ('skipped', 'missed'))
                -- A run asked for at a later moment is in nobody's way until then.
                OR (status = 'queued' AND (attempt > 0 OR not_before <= clock_timestamp())))
         ORDER BY id
        """,
        [list(since), list(since.values())],
    )
    for job, run, created_at, started, finished_at in rows:
        found[job].append(Activity(run=run, created_at=created_at, finished_at=finished_at, started=started))
    return found


def text(moment: datetime | None) -> str | None:
    """A moment as JSON carries it to the database."""
    return moment.isoformat() if moment else None
