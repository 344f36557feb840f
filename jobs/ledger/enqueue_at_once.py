"""Most starts find nothing in their way. One statement sees that, and puts the run into the queue with its event.

What may be in the way is decided under the job's lock (`enqueue`): another run of the job, an override, another session
that holds the lock, a job that nobody has seen yet. Then this statement does nothing.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, connection

from jobs import masking
from jobs.choices import EventKind, Overlap, Trigger
from jobs.declarations.job import Job
from jobs.ledger import events, idempotency, in_force, sql
from jobs.ledger.idempotency import Key, StillAtWork
from jobs.ledger.overlap import collides_with_none
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Run


@dataclass(frozen=True, kw_only=True, slots=True)
class Start:
    """A start of a job as somebody asks for it. `arguments` are None for those that are in force."""

    job: Job
    arguments: list[str] | None
    trigger: Trigger
    requested_by: str
    not_before: datetime | None = None
    labels: Sequence[str] = ()
    retry_of: int | None = None
    yields: bool = False
    despite_hold: bool = False
    key: Key | None = None

    def message(self, run: object) -> str:
        """What its event says of the run."""
        which = f", which retries run {self.retry_of}" if self.retry_of else ""
        despite = ", whatever is held" if self.despite_hold else ""
        return f"{self.requested_by} asked for run {run} of {self.job.name}{which}{despite}."

    @property
    def shown(self) -> dict[str, list[str]] | None:
        """What its event shows of its arguments, without secrets."""
        return None if self.arguments is None else {"arguments": masking.hide(self.job, self.arguments)}


FIELDS = Run._meta.concrete_fields
COLUMNS = ", ".join(str(field.column) for field in FIELDS)
# Where the run's id stands in its event's message.
THE_RUN = "\0"
STATEMENT = f"""
    WITH held AS MATERIALIZED (
        -- Whoever inserts a run of the job, or changes what is in force of it, holds this row and leaves another
        -- version of it. Where it is free, and has the version that the snapshot of this statement shows, what else
        -- the statement reads is as new as the lock.
        SELECT s.job FROM nightshift_jobstate s
         WHERE s.job = %(job)s::text
           AND s.xmin = (SELECT xmin FROM nightshift_jobstate WHERE job = %(job)s::text)
           AND (%(collides_with_none)s OR NOT EXISTS (
                SELECT FROM nightshift_run WHERE job = %(job)s::text AND status IN ('queued', 'running')))
           AND (%(has_arguments)s OR NOT EXISTS (
                SELECT FROM nightshift_intervention i
                 WHERE i.job = %(job)s::text AND i.kind = 'override' AND {in_force.condition("clock_timestamp()")}))
           AND (%(key)s::text IS NULL OR {idempotency.IS_NEW})
           FOR UPDATE OF s SKIP LOCKED
    ), changed AS (
        UPDATE nightshift_jobstate s SET job = s.job FROM held WHERE s.job = held.job RETURNING s.job
    ), inserted AS (
        INSERT INTO nightshift_run (job, trigger, arguments, requested_by, created_at, requested_for, not_before,
                                    exclusive, concurrency_group, labels, retry_of_id, yields, despite_hold)
        SELECT job, %(trigger)s, %(arguments)s::jsonb, %(by)s::text, clock_timestamp(), %(not_before)s::timestamptz,
               coalesce(%(not_before)s::timestamptz, clock_timestamp()), %(exclusive)s, %(group)s, %(labels)s::text[],
               %(retry_of)s::bigint, %(yields)s, %(despite_hold)s
          FROM changed
        RETURNING {COLUMNS}
    ), noted AS (
        {events.INSERT_ACT}
        SELECT %(kind)s, job, id, %(before_run)s::text || id || %(after_run)s::text, %(shown)s::jsonb, {events.ACTOR}
          FROM inserted
    ), kept AS (
        {idempotency.INSERT} SELECT {idempotency.COLUMNS}, id FROM inserted WHERE %(key)s::text IS NOT NULL
    )
    SELECT {COLUMNS},
           CASE WHEN %(channel)s::text <> '' THEN
                pg_notify(%(channel)s::text, concat_ws(' ', id, extract(epoch FROM greatest(
                          requested_for - clock_timestamp(), interval '0')))) END
      FROM inserted
"""  # noqa: S608 — fixed


def enqueue_at_once(start: Start, channel: str = "") -> Run | None:
    """Queue the run, and leave its event; None where something may be in its way, and nothing was done.

    It commits itself, unless a transaction is open. With a channel (`doorbell.channel`) its commit rings the doorbell.
    Raises StillAtWork.
    """
    parameters = _parameters(start, channel)
    try:
        if start.retry_of is None:
            row = sql.row_at_once(STATEMENT, parameters)
        else:
            # The key of the run that it retries may be waited for.
            with ledger_transaction():
                row = sql.row(STATEMENT, parameters)
    except IntegrityError:
        if start.key is None:
            raise
        # Another request with the key was committed since this statement's snapshot.
        raise StillAtWork(start.key.key) from None
    return None if row is None else _run(row[:-1])


def _parameters(start: Start, channel: str) -> dict[str, Any]:
    job, arguments = start.job, start.arguments
    before_run, _, after_run = start.message(THE_RUN).partition(THE_RUN)
    return {
        "job": job.name,
        # A run for a later moment, or one that yields, collides with nobody now: its claim waits for its turn.
        "collides_with_none": bool(start.not_before) or start.yields or collides_with_none(job),
        "has_arguments": arguments is not None,
        "trigger": start.trigger,
        "arguments": json.dumps(list(job.arguments) if arguments is None else arguments),
        "by": start.requested_by,
        "not_before": start.not_before,
        "exclusive": job.overlap is not Overlap.ALLOW or start.yields,
        "group": job.group,
        "labels": list(start.labels),
        "retry_of": start.retry_of,
        "yields": start.yields,
        "despite_hold": start.despite_hold,
        "kind": EventKind.STARTED,
        "before_run": before_run,
        "after_run": after_run,
        "shown": None if start.shown is None else json.dumps(start.shown),
        "channel": channel,
        **events.actor(start.requested_by),
        **idempotency.parameters(start.key),
    }


def _run(row: Sequence[Any]) -> Run:
    """The row as a Run."""
    values = [
        field.from_db_value(value, None, connection) if hasattr(field, "from_db_value") else value
        for field, value in zip(FIELDS, row, strict=True)
    ]
    return Run.from_db(connection.alias, [field.attname for field in FIELDS], values)
