"""Old runs, gaps, events and ended interventions go. Set-based, in batches, beside what is at work."""

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from jobs.choices import Status
from jobs.ledger import pipelines, sql

# Runs in one transaction: large enough to be fast, small enough that nobody waits for its locks.
BATCH = 5_000
# What an operator may come back to: kept longer.
FAILURES = [Status.FAILED, Status.TIMED_OUT, Status.LOST]

# A run that may go. The newest ones of each job stay, whatever their age.
OLD_RUN = """
    finished_at < CASE WHEN status = ANY(%(failures)s) THEN %(failed_before)s::timestamptz
                       ELSE %(before)s::timestamptz END
    AND finished_at < greatest(%(before)s, %(failed_before)s)
    AND id < coalesce((%(oldest_kept)s::jsonb ->> job)::bigint, 0)
    -- A step after several jobs asks for each one's run when the last of them ends.
    AND NOT EXISTS (
        SELECT FROM nightshift_run o
         WHERE o.scheduled_for = nightshift_run.scheduled_for AND o.status IN ('queued', 'running')
           AND jsonb_exists(%(together)s::jsonb -> nightshift_run.job, o.job)
    )
"""
# The latest gap of a job may still grow.
OLD_GAP = (
    "last < %(failed_before)s AND id NOT IN (SELECT last_gap_id FROM nightshift_jobstate WHERE last_gap_id IS NOT NULL)"
)
OLD_EVENT = "at < %(failed_before)s"
# One that is over may still be open, where nobody has settled its job since; an open one without an end stays.
OLD_INTERVENTION = "coalesce(ended_at, until) < %(failed_before)s"


@dataclass(frozen=True, kw_only=True, slots=True)
class Pruned:
    """How much went, or would go."""

    runs: int
    attempts: int
    gaps: int
    events: int
    interventions: int


def prune(
    *, age: timedelta, failures_age: timedelta, keep: int, dry_run: bool = False, now: datetime | None = None
) -> Pruned:
    """Delete runs that ended longer than `age` ago, with their attempts, output and events; failures (failed, timed
    out, lost), gaps, events and ended interventions go at `failures_age`. Each job keeps its newest `keep` runs.

    The ledger of a job then begins after the latest occurrence that went. With `dry_run` nothing is deleted.
    """
    moment = now or timezone.now()
    what = {
        "before": moment - age,
        "failed_before": moment - failures_age,
        "failures": FAILURES,
        "oldest_kept": _oldest_kept(keep),
        "together": json.dumps(pipelines.current().together()),
    }
    if dry_run:
        return _count(what)
    # First, so that the ledger never claims to cover what has gone.
    _move_ledgers(what)
    runs, attempts = _delete_runs(what)
    return Pruned(
        runs=runs,
        attempts=attempts,
        gaps=_delete("nightshift_gap", OLD_GAP, what),
        events=_delete("nightshift_event", OLD_EVENT, what),
        interventions=_delete("nightshift_intervention", OLD_INTERVENTION, what),
    )


def _oldest_kept(keep: int) -> str:
    """For each job, as JSON, the run before which nothing holds: the `keep`-th newest, or one after the newest."""
    # Jobs are found by leaps over the index: DISTINCT would read it all.
    statement = """
        WITH RECURSIVE names(job) AS (
            (SELECT job FROM nightshift_run ORDER BY job LIMIT 1)
            UNION ALL
            SELECT (SELECT r.job FROM nightshift_run r WHERE r.job > names.job ORDER BY r.job LIMIT 1)
              FROM names WHERE names.job IS NOT NULL
        )
        SELECT jsonb_object_agg(job, oldest) FROM names, LATERAL (
               SELECT id AS oldest FROM nightshift_run r WHERE r.job = names.job
                ORDER BY id DESC OFFSET %(skip)s LIMIT 1
        ) AS kept
        WHERE job IS NOT NULL
    """
    # `keep` none: the boundary lies behind the newest.
    if keep == 0:
        statement = statement.replace("SELECT id AS oldest", "SELECT id + 1 AS oldest")
    return sql.value(statement, {"skip": max(keep - 1, 0)}) or "{}"


def _count(what: dict[str, Any]) -> Pruned:
    [(runs, attempts)] = sql.rows(
        f"SELECT count(*), coalesce(sum(attempt), 0) FROM nightshift_run WHERE {OLD_RUN}",  # noqa: S608 — fixed
        what,
    )
    return Pruned(
        runs=runs,
        attempts=attempts,
        gaps=sql.value(f"SELECT count(*) FROM nightshift_gap WHERE {OLD_GAP}", what),  # noqa: S608 — fixed
        events=sql.value(f"SELECT count(*) FROM nightshift_event WHERE {OLD_EVENT}", what),  # noqa: S608 — fixed
        interventions=sql.value(f"SELECT count(*) FROM nightshift_intervention WHERE {OLD_INTERVENTION}", what),  # noqa: S608
    )


def _move_ledgers(what: dict[str, Any]) -> None:
    sql.execute(
        f"""
        UPDATE nightshift_jobstate s SET ledger_from = gone.through
          FROM (
               SELECT job, max(at) AS through FROM (
                      SELECT job, scheduled_for AS at FROM nightshift_run WHERE {OLD_RUN}
                      UNION ALL
                      SELECT job, last FROM nightshift_gap WHERE {OLD_GAP}
               ) AS occurrence GROUP BY job
          ) AS gone
         WHERE s.job = gone.job AND s.ledger_from < gone.through
        """,  # noqa: S608 — the conditions are fixed
        what,
    )


def _delete_runs(what: dict[str, Any]) -> tuple[int, int]:
    """Delete the old runs in the order of their end. Gives how many runs and attempts went."""
    runs = attempts = 0
    reached: datetime | None = None
    while True:
        with transaction.atomic():
            [(count, tries, reached)] = sql.rows(
                f"""
                WITH old AS MATERIALIZED (
                    SELECT id, finished_at, attempt FROM nightshift_run
                     WHERE {OLD_RUN} AND finished_at >= coalesce(%(reached)s::timestamptz, '-infinity')
                     ORDER BY finished_at LIMIT %(batch)s
                ), gone AS (
                    DELETE FROM nightshift_run WHERE id IN (SELECT id FROM old)
                )
                SELECT count(*), coalesce(sum(attempt), 0), max(finished_at) FROM old
                """,  # noqa: S608 — the conditions are fixed
                what | {"reached": reached, "batch": BATCH},
            )
        runs, attempts = runs + count, attempts + tries
        if count < BATCH:
            return runs, attempts


def _delete(table: str, condition: str, what: dict[str, Any]) -> int:
    deleted = 0
    while True:
        count: int = sql.value(
            f"""
            WITH gone AS (
                DELETE FROM {table} WHERE id = ANY(ARRAY(SELECT id FROM {table} WHERE {condition} LIMIT %(batch)s))
                RETURNING id
            )
            SELECT count(*) FROM gone
            """,  # noqa: S608 — the conditions are fixed
            what | {"batch": BATCH},
        )
        deleted += count
        if count < BATCH:
            return deleted
