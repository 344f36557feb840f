"""What a tick costs with ten thousand jobs: where nothing is due, and where two hundred are."""

import json
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any

from django.db import connection, transaction

from benchmarks.database import postgresql, statements
from benchmarks.harness import Figure, Result, Row, Side, duration, rounds
from jobs import declare
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.ledger import doorbell, sessions
from jobs.models import JobState, Run
from tests.helpers.commits import commits

JOBS, DUE = 10_000, 200
IDLE_TIMES = 20
# Due once a year, a moment ago: nothing comes due by itself while we measure.
MOMENT = (datetime.now(UTC) - timedelta(minutes=1)).replace(second=0, microsecond=0)
SCHEDULE = f"0 {MOMENT.minute} {MOMENT.hour} {MOMENT.day} {MOMENT.month} *"


def measure() -> Iterator[Result]:
    with ten_thousand_jobs(), sessions.ours():
        tick.here.forget()
        tick.tick()
        yield idle()
        yield busy()


@contextmanager
def ten_thousand_jobs() -> Iterator[None]:
    with registry.isolated():
        for number in range(JOBS):
            declare(f"job_{number:05}", command="noop", schedule=SCHEDULE, timer=False)
        logging.disable(logging.INFO)
        try:
            yield
        finally:
            logging.disable(logging.NOTSET)
            with connection.cursor() as cursor:
                cursor.execute(
                    "TRUNCATE nightshift_run, nightshift_attempt, nightshift_jobstate, nightshift_gap CASCADE"
                )


def one_indexed_query() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT job FROM nightshift_jobstate WHERE next_due_at <= clock_timestamp()")
        cursor.fetchall()


def idle() -> Result:
    ours, theirs = rounds(Side(work=tick.tick, times=IDLE_TIMES), Side(work=one_indexed_query, times=IDLE_TIMES))
    row = Row(what=f"an idle tick with {JOBS:,} jobs", yardstick="one indexed query", ours=ours, theirs=theirs)
    whole, floor = rounds(
        Side(work=tick.tick, times=100, helpers=postgresql), Side(work=one_indexed_query, times=100, helpers=postgresql)
    )
    with_server = Row(what="the same, PostgreSQL's CPU included", yardstick=row.yardstick, ours=whole, theirs=floor)
    return Result(
        row=5,
        figures=[
            row.figure(row.by_cpu(), 3, "CPU of Python"),
            with_server.figure(with_server.by_cpu(), 3, "CPU with PostgreSQL"),
        ],
        compared=[row, with_server],
        notes=[
            f"{statements(tick.tick)} statements, {commits(tick.tick)} of which commit a change: that a tick sees the "
            "database, that its release is at work, what there is to do, and that it came to its end. One statement "
            "through Django and psycopg is all that the floor is.",
            f"The query asks for the jobs that are due, of which there are none, by the index on `next_due_at`. The "
            f"tick takes {duration(median(cost.cpu for cost in ours))} of CPU a minute.",
            "What holds Python's part back: each statement through Django and psycopg costs what the floor costs, and "
            "three of the four are commits of their own, since each must outlive a tick that fails after it: that the "
            "database was seen, which release is at work, that the tick came to its end.",
        ],
    )


def busy() -> Result:
    ours, theirs = rounds(
        Side(work=queued(tick.tick), prepare=make_due), Side(work=queued(bulk_prototype), prepare=make_due)
    )
    row = Row(what=f"a tick with {DUE} due of {JOBS:,}", yardstick="a bulk prototype", ours=ours, theirs=theirs)
    whole, floor = rounds(
        Side(work=queued(tick.tick), prepare=make_due, helpers=postgresql),
        Side(work=queued(bulk_prototype), prepare=make_due, helpers=postgresql),
    )
    with_server = Row(what="the same, PostgreSQL's CPU included", yardstick=row.yardstick, ours=whole, theirs=floor)
    make_due()
    asked = statements(tick.tick)
    return Result(
        row=6,
        figures=[
            row.figure(row.by_cpu(), 1.5, "CPU of Python"),
            Figure(f"{asked} statements", "at most 12", asked <= 12),
        ],
        compared=[row, with_server],
        notes=[
            "The prototype knows no rule: in one transaction it locks the rows that are due, computes each one's next "
            "moment, and inserts the runs and advances the rows in one statement; then it rings for all in one.",
            "Ours decides each occurrence by the rules of its job (eras, pauses, overlaps, deadlines), in Python, and "
            "looks once without the lock and once with it: that is what the rest of the time goes to. Tried: computing "
            "once for a look whether something is due, which every step had computed again (a tenth less, kept). What "
            "holds it back: 200 µs for each job, of rules, rows as Python's objects and JSON. A way of its own for "
            "jobs without any rule would say the rules twice.",
            "PostgreSQL's CPU is counted in hundredths of a second: of one tick it is coarse.",
        ],
    )


def queued(work: Callable[[], object]) -> Callable[[], None]:
    """The work, which has to queue all runs."""

    def do() -> None:
        work()
        assert Run.objects.filter(status="queued").count() == DUE

    return do


def make_due() -> None:
    """Two hundred jobs, over the whole list, are due."""
    Run.objects.all().delete()
    some = [f"job_{number:05}" for number in range(0, JOBS, JOBS // DUE)]
    before = MOMENT - timedelta(hours=1)
    JobState.objects.filter(job__in=some).update(ledger_from=before, ledger_through=before, next_due_at=MOMENT)


def bulk_prototype() -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            "SELECT job, next_due_at, clock_timestamp() FROM nightshift_jobstate WHERE next_due_at <= clock_timestamp()"
            " FOR UPDATE SKIP LOCKED"
        )
        due = [
            {"job": job, "moment": moment.isoformat(), "next": _next(job, now), "now": now.isoformat()}
            for job, moment, now in cursor.fetchall()
        ]
        cursor.execute(
            """
            WITH new AS (
                SELECT * FROM jsonb_to_recordset(%s)
                    AS new(job text, moment timestamptz, next timestamptz, now timestamptz)
            ), advanced AS (
                UPDATE nightshift_jobstate s SET ledger_through = new.now, next_due_at = new.next FROM new
                 WHERE s.job = new.job
            )
            INSERT INTO nightshift_run (job, trigger, scheduled_for, arguments, requested_by)
            SELECT job, 'schedule', moment, '[]', 'schedule' FROM new
                ON CONFLICT (job, scheduled_for) DO NOTHING
            RETURNING id
            """,
            [json.dumps(due)],
        )
        runs = [f"{run} 0.0" for (run,) in cursor.fetchall()]
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload", [doorbell.CHANNEL, runs])


def _next(job: str, now: Any) -> str:
    schedule = registry[job].schedule
    assert schedule is not None
    found = schedule.next(now)
    assert found is not None
    return found.isoformat()
