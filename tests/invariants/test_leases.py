"""Leases and the processes that look at them: a dead supervisor's run is found, a living one's is left alone."""

from datetime import UTC, datetime, timedelta

import psycopg
import pytest

from jobs.choices import Status
from jobs.models import Event, LastTick, Run
from tests.helpers.database_clock import SEARCH_PATH, DatabaseClock
from tests.invariants.conftest import until

pytestmark = pytest.mark.invariant

TIMING = {"LEASE": 2.0, "HEARTBEAT": 0.2, "FENCE": 1.6, "UNBROKEN": 0.4, "LONGEST_PAUSE": 30.0}
LEASE = timedelta(seconds=TIMING["LEASE"])


@pytest.fixture
def shown_clock(database_url, transactional_db, monkeypatch):
    """The database's clock, as the processes of this test see it."""
    with psycopg.connect(database_url, autocommit=True) as connection:
        clock = DatabaseClock(connection.execute)
        monkeypatch.setenv("PGOPTIONS", f"-c search_path={SEARCH_PATH.replace(' ', '')}")
        yield clock
        monkeypatch.undo()
        # The processes of the test are at its tables: they end before this does.
        clock.remove()


def sleeps(seconds):
    """A job that is due now, and sleeps for so long."""
    minute = (datetime.now(UTC) - timedelta(minutes=1)).minute
    rules = {"command": "sleeps", "schedule": f"0 {minute} * * * *", "start_deadline": 3600}
    return [{"name": "sleeps", "arguments": [str(seconds)], "rules": rules}]


def begin_run(start, seconds):
    """A process that supervises the run."""
    jobs = sleeps(seconds)
    [runner] = start({"declare": jobs, "deliver_now": True, "timing": TIMING, "first_seen": 3000})
    runner.begin()
    until(lambda: Run.objects.filter(status=Status.RUNNING).exists(), 30)
    return runner


def tick(start, seconds):
    [ticker] = start({"declare": [], "tick_for": seconds, "timing": TIMING})
    ticker.begin()
    return ticker


def test_processes_that_live_shorter_than_a_lease_find_what_is_lost(start):
    runner = begin_run(start, 60)
    runner.kill()
    killed_at = datetime.now(UTC)
    for _ in range(8):
        tick(start, 0.3).wait()
        if Run.objects.get().status == Status.LOST:
            break
    run = Run.objects.get()
    assert run.status == Status.LOST
    assert run.finished_at > killed_at + LEASE - timedelta(seconds=TIMING["HEARTBEAT"] * 3)


def test_a_worker_that_starts_in_a_dead_ones_place_waits_for_no_tick_and_no_lease(start):
    jobs = sleeps(60)
    [runner] = start({"declare": jobs, "deliver_now": True, "first_seen": 3000})
    runner.begin()
    until(lambda: Run.objects.filter(status=Status.RUNNING).exists(), 30)
    runner.kill()
    runner.wait()
    [successor] = start({"declare": [], "start": True})
    successor.begin()
    assert successor.wait() == 0
    run = Run.objects.get()
    assert (run.status, run.error) == (Status.LOST, "Its supervisor died, and a new one started in its place.")


@pytest.mark.parametrize("jump", [240, -240])
def test_a_run_outlives_a_jump_of_the_databases_clock(shown_clock, start, jump):
    runner = begin_run(start, 6)
    tickers = [tick(start, 30), tick(start, 30)]
    until(lambda: LastTick.objects.filter(at__isnull=False).exists(), 30)
    shown_clock.set(ahead=timedelta(seconds=jump))
    until(lambda: Event.objects.filter(kind="clock_jumped").exists(), 10)
    assert runner.wait() == 0
    for ticker in tickers:
        ticker.kill()
        ticker.wait()
    run = Run.objects.get()
    assert (run.status, run.attempt, run.error) == (Status.SUCCEEDED, 1, "")
    assert Event.objects.filter(kind="clock_jumped").count() == 1
