"""Fifty runs over two workers, and a part of the deployment goes away: nothing is lost, nothing runs twice.

Everything is real but the host, which tests.azure.queue_host plays: PostgreSQL, Azurite, the library, the children.
A run that the tick finds forgotten would be rung for after half a minute: here after half a second.
"""

import signal
import subprocess
import sys
import tempfile
import time
from contextlib import suppress

import psycopg
import pytest
from django.conf import settings

from tests.azure.azurite import Azurite
from tests.azure.conftest import Host
from tests.helpers.postgres import Server
from tests.helpers.processes import until

pytestmark = [pytest.mark.invariant, pytest.mark.timeout(240)]

RUNS = 50
ORDERS = {"visibility": 4, "tick_every": 0.5, "timing": {"FORGOTTEN": 0.5, "RING_AGAIN": 1.0}}


@pytest.fixture(scope="module")
def own_server():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(f"{folder}/postgres")
        manage(server, "migrate", "--verbosity", "0")
        yield server
        server.remove()


@pytest.fixture
def server(own_server):
    with own_server.connect() as connection:
        connection.execute(
            "TRUNCATE nightshift_run, nightshift_jobstate, nightshift_gap, nightshift_event, nightshift_intervention"
            " CASCADE"
        )
    return own_server


@pytest.fixture
def own_azurite():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        azurite = Azurite(folder)
        yield azurite
        azurite.stop()


@pytest.fixture
def effects(tmp_path):
    """Where each run writes its number: what the world sees of it."""
    return tmp_path / "effects"


@pytest.fixture
def workers(server, own_azurite):
    """Two workers, as two instances have them. They take SIGTERM as in Azure."""
    environment = {
        "LOCAL": "",
        "SECRET_KEY": "a secret key of the tests alone",
        "WEBSITES_CONTAINER_STOP_TIME_LIMIT": "6",
    }
    started = [Host(ORDERS, server.url, own_azurite.connection_string, **environment) for _ in range(2)]
    for worker in started:
        worker.wait_until_ready()
    yield started
    for worker in started:
        worker.kill()
        worker.wait()


def manage(server, *words, **environment):
    import os

    subprocess.run(
        [sys.executable, "manage.py", *words],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": server.url, "DJANGO_SETTINGS_MODULE": "tests.settings"} | environment,
        check=True,
        timeout=60,
    )


def ask_for_runs(server, azurite, effects):
    """Fifty runs of a job that takes a third of a second, each with its message."""
    queue = azurite.queue()
    with server.connect() as connection:
        # They may run side by side, whatever the job's rules: the row says it.
        runs = connection.execute(
            "INSERT INTO nightshift_run (job, trigger, status, arguments, requested_by, attempt, failures, exclusive,"
            " concurrency_group, cancelled_by, reason, error)"
            " SELECT 'marks', 'api', 'queued', %s::jsonb, 'a test', 0, 0, false, '', '', '', ''"
            " FROM generate_series(1, %s) RETURNING id",
            [f'["{effects}", "0.3"]', RUNS],
        ).fetchall()
    with suppress(Exception):
        queue.create_queue()
    for (run,) in runs:
        queue.send_message(str(run))
    return [run for (run,) in runs]


def count(server, status):
    with suppress(psycopg.OperationalError), server.connect() as connection:
        return connection.execute("SELECT count(*) FROM nightshift_run WHERE status = %s", [status]).fetchone()[0]
    return 0


def all_have_ended(server):
    return count(server, "queued") + count(server, "running") == 0 and count(server, "succeeded") > 0


def attempts(server):
    """How each run ended, and how its attempts did."""
    with server.connect() as connection:
        return connection.execute(
            "SELECT r.id, r.status, array_agg(a.status ORDER BY a.number)"
            " FROM nightshift_run r JOIN nightshift_attempt a ON a.run_id = r.id GROUP BY r.id, r.status ORDER BY r.id"
        ).fetchall()


def marks(effects):
    """The runs that came to their end, as often as they did."""
    return sorted(int(line) for line in effects.read_text().split())


def test_a_restart_of_postgresql_loses_no_run_and_doubles_none(server, own_azurite, workers, effects):
    runs = ask_for_runs(server, own_azurite, effects)
    until(lambda: count(server, "succeeded") >= 10, 60)
    server.stop()
    time.sleep(3)
    server.start()
    until(lambda: all_have_ended(server), 90, "the end of all runs")
    assert attempts(server) == [(run, "succeeded", ["succeeded"]) for run in runs]
    assert marks(effects) == runs


def test_a_stop_of_the_queue_loses_no_run_and_doubles_none(server, own_azurite, workers, effects):
    runs = ask_for_runs(server, own_azurite, effects)
    until(lambda: count(server, "succeeded") >= 10, 60)
    own_azurite.stop()
    time.sleep(3)
    own_azurite.start()
    until(lambda: all_have_ended(server), 90, "the end of all runs")
    assert attempts(server) == [(run, "succeeded", ["succeeded"]) for run in runs]
    assert marks(effects) == runs


def test_sigterm_to_a_worker_loses_no_run_and_doubles_none(server, own_azurite, workers, effects):
    runs = ask_for_runs(server, own_azurite, effects)
    until(lambda: count(server, "succeeded") >= 10, 60)
    leaving, _ = workers
    leaving.popen.send_signal(signal.SIGTERM)
    assert leaving.wait(10) == 128 + signal.SIGTERM
    until(lambda: all_have_ended(server), 90, "the end of all runs")
    for run, (found, status, tries) in zip(runs, attempts(server), strict=True):
        assert (found, status) == (run, "succeeded")
        # One that was interrupted has another attempt, and came to its end in one of them only.
        assert tries in (["succeeded"], ["interrupted", "succeeded"])
    assert marks(effects) == runs
