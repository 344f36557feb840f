"""Attempts begin: who may start, who holds what by the ledger, and who could start now.

A claim is one conditional statement: of any number of supervisors it lets one through.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError

from jobs.declarations.registry import registry
from jobs.ledger import obstacles, sql, timing
from jobs.ledger.failpoints import point
from jobs.ledger.instance import Instance
from jobs.ledger.obstacles import HAS_ROOM, MAY_START, ONE_MAY_START, ROOM, RULES, Rule
from jobs.ledger.sessions import ledger_transaction


@dataclass(frozen=True, kw_only=True, slots=True)
class Claim:
    """An attempt that is ours: what its supervisor needs to know. `attempt` is its number, counted from 1."""

    run_id: int
    attempt_id: int
    attempt: int
    job: str
    trigger: str
    scheduled_for: datetime | None
    arguments: list[str]
    failures: int
    started_at: datetime | None = None


def claim(run_id: int, instance: Instance, invocation_id: str = "", trace_id: str = "") -> Claim | None:
    """Start an attempt of this run, unless it isn't ready, another supervisor got there first, or a rule forbids it."""
    try:
        # One statement, which commits itself. Of runs in a group another one has to be asked first.
        point("claim.before_commit")
        claimed = _claim(run_id, instance, invocation_id, trace_id)
        if claimed is None and (found := _in_a_group(run_id)):
            job, group = found
            with ledger_transaction():
                # Before the claim's own snapshot is taken: two that start at once see each other.
                sql.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"jobs.group:{group}"])
                claimed = _claim(run_id, instance, invocation_id, trace_id, group, job)
    except IntegrityError:
        # Two runs of one job were claimed at the same moment; the index let one through.
        return None
    point("claim.after_commit")
    return claimed


def claim_to_fail(run_id: int, instance: Instance, invocation_id: str = "") -> Claim | None:
    """Start an attempt that ends in the caller's transaction: it takes no room in its group.

    Raises IntegrityError where another run of the job was claimed at the same moment.
    """
    _, group = _in_a_group(run_id) or ("", "")
    return _claim(run_id, instance, invocation_id, "", group)


def job_of(run_id: int) -> str | None:
    """The job of a queued run; None where it isn't queued, or isn't at all."""
    row = sql.row("SELECT job FROM nightshift_run WHERE id = %s AND status || '' = 'queued'", [run_id])
    return row[0] if row else None


def _in_a_group(run_id: int) -> tuple[str, str] | None:
    """The job of a queued run, and its group; None where it has none."""
    row = sql.row(
        "SELECT job, concurrency_group FROM nightshift_run"
        " WHERE id = %s AND status || '' = 'queued' AND concurrency_group <> ''",
        [run_id],
    )
    return (row[0], row[1]) if row else None


def _claim(
    run_id: int, instance: Instance, invocation_id: str, trace_id: str, group: str = "", job: str = ""
) -> Claim | None:
    """Claim a run of this group, where the rules let it start. With its `job` the group must have room for it."""
    declared = registry.get(job)
    row = sql.row(
        f"""
        WITH claimed AS (
            UPDATE nightshift_run r
               SET status = 'running', attempt = attempt + 1, started_at = clock_timestamp(),
                   lease_expires_at = clock_timestamp() + %(lease)s, error = '', progress = NULL
             WHERE id = %(run)s AND r.concurrency_group = %(group)s AND {ONE_MAY_START}
                   {f"AND {HAS_ROOM}" if job else ""}
            RETURNING id, attempt, job, trigger, scheduled_for, arguments, failures, started_at
        ), attempt AS (
            INSERT INTO nightshift_attempt (run_id, number, started_at, instance, supervisor, invocation_id, release,
                                            trace_id)
            SELECT id, attempt, started_at, %(instance)s, %(supervisor)s, %(invocation)s, %(release)s, %(trace)s
              FROM claimed
            RETURNING id
        )
        SELECT claimed.id, attempt.id, attempt, job, trigger, scheduled_for, arguments, failures, started_at
          FROM claimed, attempt
        """,  # noqa: S608 — the rules are fixed
        {
            "run": run_id,
            "group": group,
            "limits": obstacles.limits([declared] if declared else []),
            "lease": timing.LEASE,
            "instance": instance.name,
            "supervisor": instance.supervisor,
            "invocation": invocation_id,
            "release": instance.release,
            "trace": trace_id,
        },
    )
    if row is None:
        return None
    run_id, attempt_id, attempt, name, trigger, scheduled_for, arguments, failures, started_at = row
    return Claim(
        run_id=run_id,
        attempt_id=attempt_id,
        attempt=attempt,
        job=name,
        trigger=trigger,
        scheduled_for=scheduled_for,
        arguments=json.loads(arguments) if isinstance(arguments, str) else arguments,
        failures=failures,
        started_at=started_at,
    )


def next_ready(limit: int) -> list[int]:
    """The queued runs that this process could start now: those of jobs that it knows.

    Longest due first, and those last that yield to others.
    """
    found = _ready(limit, [])
    if any(job not in registry for _, job in found):
        queued = sql.rows("SELECT DISTINCT job FROM nightshift_run WHERE status = 'queued'")
        found = _ready(limit, [job for (job,) in queued if job not in registry])
    return [run for run, _ in found]


def _ready(limit: int, strangers: list[str]) -> list[tuple[Any, ...]]:
    """The runs that may start, each with its job: of a group only as many as it has room for."""
    return sql.rows(
        f"""
        WITH r AS (
            SELECT id, job, concurrency_group, yields, coalesce(scheduled_for, not_before) AS since
              FROM nightshift_run r WHERE {MAY_START} AND NOT job = ANY(%(strangers)s)
        ), placed AS (
            -- Only those in a group: to number runs, all have to be sorted, and most queues are of no group.
            SELECT id, job, concurrency_group, yields, since,
                   row_number() OVER (PARTITION BY concurrency_group ORDER BY yields, since, id) AS place
              FROM r WHERE concurrency_group <> '' AND {RULES[Rule.MAX_RUNNING]}
        )
        SELECT id, job FROM (
               SELECT id, job, yields, since FROM r WHERE concurrency_group = ''
               UNION ALL
               SELECT id, job, yields, since FROM placed r WHERE place <= {ROOM[Rule.GROUP]}
        ) AS found
         ORDER BY yields, since, id LIMIT %(limit)s
        """,  # noqa: S608 — the rules are fixed
        {"strangers": strangers, "limits": obstacles.limits(registry.values()), "limit": limit},
    )
