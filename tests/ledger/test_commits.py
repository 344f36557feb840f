"""What the ledger asks of the database: three commits a run, and nothing between ticks."""

import re
import threading
import time
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.choices import AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.execution.isolation import system
from jobs.execution.isolation.client import server
from jobs.ledger import attempts, claims, instance, sessions, timing
from jobs.ledger.attempts import Outcome
from jobs.ledger.settle import settle
from jobs.models import Output, Run
from tests.helpers.commits import commits
from tests.helpers.rows import first_seen_at

HOUR = timedelta(hours=1)


@pytest.fixture
def occurrences(declared, worker, monkeypatch):
    """The moments at which a job of every hour is due, one after another."""
    began = datetime.now(UTC).replace(minute=0, second=0, microsecond=0)
    first_seen_at(monkeypatch, began)
    declared("hourly", command="succeeds", schedule="0 0 * * * *")
    settle([registry["hourly"]], began)
    return (began + HOUR * number for number in count(1))


def execute_at(worker, moment):
    [queued] = settle([registry["hourly"]], moment).runs
    assert worker.execute(queued.run) is Status.SUCCEEDED


def test_a_scheduled_run_costs_three_commits_and_one_for_each_piece_of_its_output(occurrences, worker):
    execute_at(worker, next(occurrences))
    made = commits(lambda: execute_at(worker, next(occurrences)))
    assert Output.objects.count() == Run.objects.count(), "each run says little enough for one piece"
    assert made <= 3 + 1


def test_the_ledger_of_a_scheduled_run_takes_five_statements(occurrences):
    def scheduled_run():
        [queued] = settle([registry["hourly"]], next(occurrences)).runs
        claim = claims.claim(queued.run, instance.current())
        assert attempts.finish(claim, Outcome(status=AttemptStatus.SUCCEEDED)).status is Status.SUCCEEDED

    with sessions.ours():
        scheduled_run()
        with CaptureQueriesContext(connection) as asked:
            scheduled_run()
    statements = [query["sql"] for query in asked if query["sql"] not in ("BEGIN", "COMMIT")]
    assert len(statements) == 5, statements


def test_a_moment_served_again_commits_nothing(occurrences):
    moment = next(occurrences)
    settle([registry["hourly"]], moment)
    assert commits(lambda: settle([registry["hourly"]], moment)) == 0


def statements_of_others():
    """Every other connection to this database, and when it was last asked something."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT pid, query_start, query FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend'
             ORDER BY pid
            """
        )
        return cursor.fetchall()


def wake_ups():
    """How often the writer's thread, the fork server and what it has forked have woken up."""
    [thread] = [thread for thread in threading.enumerate() if thread.name == "jobs-writer"]
    others = [server.pid, *system.descendants(server.pid)]
    found = [Path(f"/proc/self/task/{thread.native_id}"), *(Path(f"/proc/{process}") for process in others)]
    status = "\n".join((path / "status").read_text() for path in found)
    return sum(map(int, re.findall(r"^voluntary_ctxt_switches:\s+(\d+)", status, re.MULTILINE)))


def test_an_idle_worker_wakes_up_less_than_once_a_second(occurrences, worker):
    execute_at(worker, next(occurrences))
    time.sleep(1)  # what the run left to be done
    before = wake_ups()
    time.sleep(4)
    assert wake_ups() - before < 4


def test_between_ticks_nothing_asks_the_database_anything(occurrences, worker, monkeypatch):
    # A heartbeat that went on, or a question asked again and again, would show at once.
    monkeypatch.setattr(timing, "HEARTBEAT", timedelta(seconds=0.05))
    execute_at(worker, next(occurrences))
    before = statements_of_others()
    assert before, "the writer keeps its connection for a while"
    time.sleep(1.5)
    assert statements_of_others() == before
