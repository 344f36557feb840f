"""Two deployments migrate one database at the same moment."""

import os
import subprocess
import sys
import tempfile

import pytest
from django.conf import settings

from jobs.management.commands.migrate import LOCK
from tests.invariants.conftest import until
from tests.postgres import Server


@pytest.fixture
def server():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(f"{folder}/postgres")
        yield server
        server.remove()


def migrate(server):
    return subprocess.Popen(
        [sys.executable, "manage.py", "migrate", "--skip-checks"],
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": server.url, "DJANGO_SETTINGS_MODULE": "mydjango.settings"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def waiting(connection):
    return connection.execute("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted").fetchone()[0]


def test_of_two_processes_one_migrates_and_the_other_finds_nothing_left_to_do(server):
    with server.connect() as connection:
        # Held here until both are at the door: then they start at the same moment.
        connection.execute(LOCK.format("pg_advisory_lock"))
        processes = [migrate(server), migrate(server)]
        until(lambda: waiting(connection) == 2, 60)
        connection.execute(LOCK.format("pg_advisory_unlock"))
        said = [process.communicate(timeout=100)[0] for process in processes]
        assert [process.returncode for process in processes] == [0, 0], said
        assert all("Another process migrates this database; waiting until it is done." in text for text in said)
        assert sorted("No migrations to apply." in text for text in said) == [False, True]
        applied = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    assert len(applied) == len(set(applied))


def test_a_process_that_dies_keeps_nobody_waiting(server):
    with server.connect() as connection:
        connection.execute(LOCK.format("pg_advisory_lock"))
    process = migrate(server)
    assert process.communicate(timeout=100)
    assert process.returncode == 0
