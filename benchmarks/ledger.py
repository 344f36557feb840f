"""What the ledger costs a run: queued, claimed and finished without a child, over a bare `call_command` of a no-op."""

from datetime import UTC, datetime, timedelta
from itertools import count

from django.core.management import call_command
from django.db import connection

from benchmarks.database import statements
from benchmarks.harness import Figure, Result, Row, Side, rounds
from jobs.choices import AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, instance, sessions
from jobs.ledger.attempts import Outcome
from jobs.ledger.settle import settle
from tests.helpers.commits import commits

TIMES = 50


_begin = datetime.now(UTC).replace(second=0, microsecond=0)
_moments = (_begin + timedelta(minutes=n) for n in count(1))


def next_moment() -> datetime:
    """The job's next occurrence: time is moved on from minute to minute."""
    return next(_moments)


def scheduled_run() -> datetime:
    """A scheduled run that succeeds, as the ledger sees it; gives its moment."""
    moment = next_moment()
    [queued] = settle([registry["noop"]], moment).runs
    claim = claims.claim(queued.run, instance.current())
    assert claim is not None
    ended = attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED, exit_code=0, wall=timedelta(seconds=1)))
    assert ended is not None
    assert ended.status is Status.SUCCEEDED
    return moment


def bare_call() -> None:
    call_command("noop")


def measure() -> list[Result]:
    # As the threads of a worker do.
    with sessions.ours():
        return _measure()


def _measure() -> list[Result]:
    scheduled, bare, commits_alone = rounds(
        Side(work=scheduled_run, times=TIMES), Side(work=bare_call, times=TIMES), Side(work=commit, times=TIMES)
    )
    settled = scheduled_run()

    def duplicate_delivery() -> None:
        assert settle([registry["noop"]], settled).runs == []

    duplicate, bare_again = rounds(Side(work=duplicate_delivery, times=TIMES), Side(work=bare_call, times=TIMES))
    yardstick = "a bare `call_command` of a no-op"
    what = "the ledger's part of a scheduled run"
    run = Row(what=what, yardstick=yardstick, ours=scheduled, theirs=bare)
    floor = Row(
        what=what,
        yardstick="3 bare commits of one row each",
        ours=scheduled,
        theirs=[one.times(3) for one in commits_alone],
    )
    again = Row(what="a duplicate delivery", yardstick=yardstick, ours=duplicate, theirs=bare_again)
    committed, asked = commits_of_a_run(), statements(scheduled_run)
    return [
        Result(
            row=1,
            figures=[
                run.figure(run.by_cpu(), 3, "CPU"),
                Figure(f"{committed} commits", "at most 3", committed <= 3),
                Figure(f"{asked} statements", "at most 5", asked <= 5),
            ],
            compared=[run, floor, again],
            notes=[
                "`settle`, claim and finish, without a child, for one occurrence after another. A duplicate delivery "
                "is `settle` for a moment that was settled.",
                "`tests/ledger/test_commits.py` holds it to its commits and statements.",
                "What holds it back: five statements and the two ends of a transaction, each through Django and "
                "psycopg, are two thirds of its CPU (a ninth is Django's proxy for the connection), the rules of "
                "`settle` in Python the rest. On a busy machine each answer of the server costs a switch of processes, "
                "which a no-op has none of.",
            ],
        )
    ]


def commit() -> None:
    """The least that a change costs here: one row, one commit."""
    with connection.cursor() as cursor:
        cursor.execute("UPDATE nightshift_jobstate SET declared = declared WHERE job = 'noop'")


def round_trip() -> None:
    """A question that changes nothing."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")


def commits_of_a_run() -> int:
    """How many transactions of a scheduled run change something."""
    return commits(scheduled_run)
