"""Attempts begin: who may start, who holds what by the ledger, and who could start now.

A claim is one conditional statement: of any number of supervisors it lets one through.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import IntegrityError

from jobs.declarations.registry import registry
from jobs.ledger import sql, timing
from jobs.ledger.failpoints import point
from jobs.ledger.instance import Instance
from jobs.ledger.sessions import ledger_transaction

# A pause also holds back what would be tried again; a run that a person or program asked for goes on.
HELD_BY_A_PAUSE = """
    (r.attempt > 0 AND r.trigger NOT IN ('manual', 'api') AND EXISTS (
        SELECT FROM nightshift_jobstate s
         WHERE s.job = r.job AND s.paused_at IS NOT NULL
           AND (s.paused_until IS NULL OR s.paused_until > clock_timestamp())
    ))
"""
# What a queued run `r` must be for an attempt of it to start, beside its group's limit.
MAY_START = f"""
    r.status = 'queued' AND r.not_before <= clock_timestamp()
    AND (r.attempt > 0 OR r.start_by IS NULL OR r.start_by >= clock_timestamp())
    AND NOT (r.exclusive AND EXISTS (
        SELECT FROM nightshift_run o
         WHERE o.job = r.job AND o.id <> r.id AND o.exclusive
           AND (o.status = 'running' OR (o.status = 'queued' AND o.scheduled_for < r.scheduled_for))
    ))
    AND NOT {HELD_BY_A_PAUSE}
"""


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
        if claimed is None and (group := _group_of(run_id)):
            with ledger_transaction():
                if _has_room(group):
                    claimed = _claim(run_id, instance, invocation_id, trace_id, group.name)
    except IntegrityError:
        # Two runs of one job were claimed at the same moment; the index let one through.
        return None
    point("claim.after_commit")
    return claimed


def claim_to_fail(run_id: int, instance: Instance, invocation_id: str = "") -> Claim | None:
    """Start an attempt that ends in the caller's transaction: it takes no room in its group.

    Raises IntegrityError where another run of the job was claimed at the same moment.
    """
    group = _group_of(run_id)
    return _claim(run_id, instance, invocation_id, "", group.name if group else "")


def job_of(run_id: int) -> str | None:
    """The job of a queued run; None where it isn't queued, or isn't at all."""
    row = sql.row("SELECT job FROM nightshift_run WHERE id = %s AND status = 'queued'", [run_id])
    return row[0] if row else None


class _Group(NamedTuple):
    """The group of a run that is to start, with its limit, and that of the run's own job."""

    name: str
    limit: int
    job: str
    max_running: int | None


def _group_of(run_id: int) -> _Group | None:
    row = sql.row("SELECT job, concurrency_group FROM nightshift_run WHERE id = %s AND status = 'queued'", [run_id])
    if not row or not row[1]:
        return None
    name, group = row
    job = registry.get(name)
    return _Group(group, job.group_limit if job else 1, name, job.max_running if job else None)


def _has_room(group: _Group) -> bool:
    """Whether one more run of the group may start. The answer holds until the transaction ends."""
    sql.execute("SELECT pg_advisory_xact_lock(hashtextextended(%s, 0))", [f"jobs.group:{group.name}"])
    # A statement of its own: its snapshot is taken after the lock.
    row = sql.row(
        """
        SELECT count(*), count(*) FILTER (WHERE job = %s)
          FROM nightshift_run WHERE status = 'running' AND concurrency_group = %s
        """,
        [group.job, group.name],
    )
    assert row is not None
    of_group, of_job = row
    return of_group < group.limit and (group.max_running is None or of_job < group.max_running)


def _claim(run_id: int, instance: Instance, invocation_id: str, trace_id: str, group: str = "") -> Claim | None:
    row = sql.row(
        f"""
        WITH claimed AS (
            UPDATE nightshift_run r
               SET status = 'running', attempt = attempt + 1, started_at = clock_timestamp(),
                   lease_expires_at = clock_timestamp() + %(lease)s, error = '', progress = NULL
             WHERE id = %(run)s AND r.concurrency_group = %(group)s AND {MAY_START}
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
        """,  # noqa: S608 — MAY_START is fixed
        {
            "run": run_id,
            "group": group,
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
    run_id, attempt_id, attempt, job, trigger, scheduled_for, arguments, failures, started_at = row
    return Claim(
        run_id=run_id,
        attempt_id=attempt_id,
        attempt=attempt,
        job=job,
        trigger=trigger,
        scheduled_for=scheduled_for,
        arguments=json.loads(arguments) if isinstance(arguments, str) else arguments,
        failures=failures,
        started_at=started_at,
    )


def next_ready(limit: int) -> list[int]:
    """The queued runs that this process could start now, longest due first: those of jobs that it knows."""
    found = _ready(limit, [])
    if any(job not in registry for _, job in found):
        queued = sql.rows("SELECT DISTINCT job FROM nightshift_run WHERE status = 'queued'")
        found = _ready(limit, [job for (job,) in queued if job not in registry])
    return [run for run, _ in found]


def _ready(limit: int, strangers: list[str]) -> list[tuple[Any, ...]]:
    limits = {job.group: job.group_limit for job in registry.values() if job.group}
    return sql.rows(
        f"""
        WITH ready AS (
            SELECT id, job, concurrency_group, coalesce(scheduled_for, not_before) AS since,
                   row_number() OVER (PARTITION BY concurrency_group
                                      ORDER BY coalesce(scheduled_for, not_before), id) AS place
              FROM nightshift_run r WHERE {MAY_START} AND NOT job = ANY(%s)
        )
        SELECT id, job FROM ready
         WHERE concurrency_group = '' OR place <= coalesce((%s::jsonb ->> concurrency_group)::int, 1) - (
                   SELECT count(*) FROM nightshift_run o
                    WHERE o.status = 'running' AND o.concurrency_group = ready.concurrency_group)
         ORDER BY since, id LIMIT %s
        """,  # noqa: S608 — MAY_START is fixed
        [strangers, json.dumps(limits), limit],
    )
