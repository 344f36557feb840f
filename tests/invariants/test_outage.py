"""PostgreSQL is away for several heartbeats: runs go on, and the ledger is complete afterwards."""

import os
import time
from datetime import UTC, datetime, timedelta

import pytest

from jobs.ledger import instance
from jobs.schedule.occurrences import Schedule
from tests.helpers.processes import until
from tests.invariants.conftest import Process

pytestmark = pytest.mark.invariant

# In seconds. `make thorough` takes 90, with heartbeats as they are, and `make soak` 3, again and again.
OUTAGE = float(os.environ.get("JOBS_OUTAGE", "6"))
TIMING = {"HEARTBEAT": OUTAGE / 6}


def test_a_worker_that_starts_during_an_outage_waits_for_its_end(server):
    here = instance.current()
    with server.connect() as connection:
        connection.execute(
            """
            WITH run AS (
                INSERT INTO nightshift_run (job, trigger, status, requested_by, attempt, started_at, lease_expires_at)
                VALUES ('nightly', 'manual', 'running', 'ada', 1, now(), now() + interval '1 h')
                RETURNING id
            )
            INSERT INTO nightshift_attempt (run_id, number, instance, supervisor) SELECT id, 1, %s, %s FROM run
            """,
            [here.name, f"{here.supervisor}0"],
        )
    server.stop()
    worker = Process({"declare": [], "start": True}, server.url)
    worker.wait_until_ready()
    worker.begin()
    time.sleep(2)
    server.start()
    assert worker.wait() == 0
    with server.connect() as connection:
        assert connection.execute("SELECT status FROM nightshift_run").fetchone() == ("lost",)


@pytest.mark.timeout(240)
def test_an_outage_in_mid_run_costs_nothing(server):
    minute = (datetime.now(UTC) - timedelta(minutes=5)).minute
    counts = {
        "name": "counts",
        "arguments": [str(OUTAGE + 3)],
        "rules": {"schedule": f"0 {minute} * * * *", "start_deadline": 86400},
    }
    each_second = {"name": "each_second", "arguments": [], "rules": {"command": "succeeds", "schedule": "* * * * * *"}}
    each_second["rules"]["timer"] = False
    with server.connect() as connection:
        connection.execute(
            "INSERT INTO nightshift_jobstate (job, fingerprint, declared, ledger_from, ledger_through)"
            " VALUES ('counts', %s, %s, now() - interval '50 min', now() - interval '50 min')",
            [Schedule(counts["rules"]["schedule"]).fingerprint] * 2,
        )
    runner = Process({"declare": [counts], "timing": TIMING, "deliver_now": True}, server.url)
    ticker = Process({"declare": [each_second], "timing": TIMING, "tick_for": 600}, server.url)
    runner.wait_until_ready()
    ticker.wait_until_ready()
    runner.begin()
    with server.connect() as connection:
        until(lambda: connection.execute("SELECT 1 FROM nightshift_output").fetchone(), 60)
        ticker.begin()
        until(lambda: connection.execute("SELECT 1 FROM nightshift_run WHERE job = 'each_second'").fetchone(), 60)
    server.stop()
    time.sleep(OUTAGE)
    server.start()
    assert runner.wait() == 0
    with server.connect() as connection:
        settled = "SELECT 1 FROM nightshift_jobstate WHERE job = 'each_second' AND ledger_through > %s"
        until(lambda: connection.execute(settled, [datetime.now(UTC) - timedelta(seconds=5)]).fetchone(), 60)
    ticker.kill()
    ticker.wait()

    with server.connect() as connection:
        status, error, attempts, output = connection.execute(
            "SELECT r.status, r.error, r.attempt, (SELECT string_agg(convert_from(body, 'UTF8'), '' ORDER BY o.number)"
            " FROM nightshift_output o JOIN nightshift_attempt a ON a.id = o.attempt_id WHERE a.run_id = r.id)"
            " FROM nightshift_run r WHERE job = 'counts'"
        ).fetchone()
        assert (status, error, attempts) == ("succeeded", "", 1)
        assert output == "".join(f"{number}\n" for number in range(round((OUTAGE + 3) * 10)))

        (ledger_from, ledger_through) = connection.execute(
            "SELECT ledger_from, ledger_through FROM nightshift_jobstate WHERE job = 'each_second'"
        ).fetchone()
        records = connection.execute(
            "SELECT scheduled_for, scheduled_for, 1 FROM nightshift_run WHERE job = 'each_second'"
            " UNION ALL SELECT first, last, count FROM nightshift_gap WHERE job = 'each_second' ORDER BY 1"
        ).fetchall()
    assert ledger_through - ledger_from > timedelta(seconds=OUTAGE)
    expected = ledger_from.replace(microsecond=0) + timedelta(seconds=1)
    for first, last, count in records:
        assert first == expected, "an occurrence is recorded twice, or not at all"
        assert last == first + timedelta(seconds=count - 1)
        expected = last + timedelta(seconds=1)
    assert expected > ledger_through
