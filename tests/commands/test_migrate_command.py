"""Two deployments migrate one database at the same moment."""

import os
import subprocess
import sys
import tempfile

import pytest
from django.conf import settings

from jobs.management.commands.migrate import LOCK
from tests.helpers.postgres import Server

WAITING = "Another process is migrating this database; waiting until it is done.\n"


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
        env=os.environ | {"DATABASE_URL": server.url},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def waits(process):
    """Read what it says until it says that it waits."""
    assert any(line == WAITING for line in process.stdout)


def test_of_two_processes_one_migrates_and_the_other_finds_nothing_left_to_do(server):
    with server.connect() as connection:
        # Held here until both are at the door: then they start at the same moment.
        connection.execute(LOCK.format("pg_advisory_lock"))
        processes = [migrate(server), migrate(server)]
        for process in processes:
            waits(process)
        connection.execute(LOCK.format("pg_advisory_unlock"))
        said = [process.communicate(timeout=100)[0] for process in processes]
        assert [process.returncode for process in processes] == [0, 0], said
        assert sorted("No migrations to apply." in text for text in said) == [False, True]
        applied = connection.execute("SELECT app, name FROM django_migrations").fetchall()
    assert len(applied) == len(set(applied))


def test_who_waits_is_in_the_way_of_no_index_that_is_made_concurrently(server):
    with server.connect() as connection:
        connection.execute("CREATE TABLE large (id int)")
        connection.execute(LOCK.format("pg_advisory_lock"))
        process = migrate(server)
        waits(process)
        connection.execute("SET statement_timeout = '20s'")
        connection.execute("CREATE INDEX CONCURRENTLY ON large (id)")
        connection.execute(LOCK.format("pg_advisory_unlock"))
        said, _ = process.communicate(timeout=100)
    assert process.returncode == 0, said


def test_a_process_that_dies_keeps_nobody_waiting(server):
    with server.connect() as connection:
        connection.execute(LOCK.format("pg_advisory_lock"))
    process = migrate(server)
    assert process.communicate(timeout=100)
    assert process.returncode == 0
