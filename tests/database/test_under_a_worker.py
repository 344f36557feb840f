"""What may be done to the database while a run is at work."""

import threading
import time

import psycopg
import pytest
from django.db import connection

from jobs.choices import Status
from jobs.execution.isolation import client
from jobs.ledger import triggers
from jobs.models import Attempt
from tests.helpers.processes import until
from tests.helpers.rows import output_text

ALL_OTHERS = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database()"
    " AND backend_type = 'client backend' AND pid <> pg_backend_pid()"
)
TABLES = ("nightshift_run", "nightshift_attempt", "nightshift_output", "nightshift_jobstate", "nightshift_event")


@pytest.fixture
def operator(database_url):
    """A session of an operator's."""
    with psycopg.connect(database_url, autocommit=True) as session:
        yield session


@pytest.fixture
def counting(worker, declared):
    """A run writes a number every tenth of a second, for three seconds; gives a function that waits for its attempt."""
    client.server.start()
    declared("counts", "3")
    run = triggers.request("counts", requested_by="a test", ring=False)
    thread = threading.Thread(target=worker.execute, args=[run.pk])
    thread.start()
    until(lambda: Attempt.objects.filter(run=run, output__isnull=False).exists())

    def end():
        thread.join(60)
        connection.close()  # it may have been ended
        return Attempt.objects.select_related("run").get()

    yield end
    thread.join(60)


def assert_all_is_well(attempt):
    assert (attempt.run.status, attempt.number, attempt.error) == (Status.SUCCEEDED, 1, "")
    assert output_text(attempt).split() == [str(number) for number in range(30)]


def test_a_run_goes_on_while_all_connections_are_ended_again_and_again(counting, operator):
    for _ in range(5):
        operator.execute(ALL_OTHERS)
        time.sleep(0.3)
    assert_all_is_well(counting())


def test_a_run_goes_on_while_its_tables_get_columns(counting, operator, worker):
    operator.execute("SET lock_timeout = '10s'")
    try:
        for table in TABLES:
            operator.execute(f"ALTER TABLE {table} ADD COLUMN added integer NOT NULL DEFAULT 0")
        assert_all_is_well(counting())
        # By the same connections, which know the tables as they were.
        later = triggers.request("counts", requested_by="a test", ring=False)
        assert worker.execute(later.pk) is Status.SUCCEEDED
    finally:
        connection.close()
        for table in TABLES:
            operator.execute(f"ALTER TABLE {table} DROP COLUMN IF EXISTS added")
