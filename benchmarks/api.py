"""What it takes to ask for a run, beside a bare INSERT with its commit."""

from statistics import median

from django.db import connection

from benchmarks.database import statements
from benchmarks.harness import Figure, Result, Row, Side, duration, rounds
from jobs.choices import Trigger
from jobs.ledger import triggers
from jobs.models import Run

TIMES = 40


def measure() -> list[Result]:
    ours, theirs = rounds(
        Side(work=ask, times=TIMES, prepare=empty_queue), Side(work=bare_insert, times=TIMES, prepare=empty_queue)
    )
    row = Row(what="a run is asked for", yardstick="a bare INSERT with its commit", ours=ours, theirs=theirs)
    asked = statements(ask)
    empty_queue()
    wall = row.by_wall()
    return [
        Result(
            row=11,
            figures=[Figure(f"wall: {wall}", "at most 2.5", wall.median <= 2.5)],
            compared=[row],
            notes=[
                "`triggers.request`, which the doors call to start a job, with its ring: HTTP is not in it, since the "
                f"API has no start yet. It takes {asked} statements beside the beginning and end of its transaction, "
                "and two commits (the run, and PostgreSQL's NOTIFY); the floor is one of each.",
                f"The medians: {duration(median(cost.wall for cost in ours))} and "
                f"{duration(median(cost.wall for cost in theirs))}.",
            ],
        )
    ]


def empty_queue() -> None:
    Run.objects.filter(status="queued").delete()


def ask() -> None:
    # With overlap="allow" none is skipped for the one before.
    triggers.request("noop_beside", trigger=Trigger.API, requested_by="a benchmark")


def bare_insert() -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO nightshift_run (job, trigger, arguments, requested_by) VALUES (%s, 'api', '[]', %s)"
            " RETURNING id",
            ["noop_beside", "a benchmark"],
        )
        cursor.fetchone()
