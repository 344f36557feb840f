"""Two deployments migrate one database at the same moment."""

import os
import subprocess
import sys
import tempfile

import pytest
from django.conf import settings

from jobs.management.commands.migrate import LOCK
from tests.helpers.beside import Project
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


SQLITE = "{'ENGINE': 'django.db.backends.sqlite3', 'NAME': 'db.sqlite3'}"
ROUTER = (
    "class Router:\n    def allow_migrate(self, db, app, **_):\n        return db == 'default' or app == 'sessions'\n"
)


@pytest.mark.parametrize("options", [[], ["--skip-checks"]])
def test_on_another_database_it_says_that_it_must_be_postgresql(tmp_path, database_url, options):
    project = Project(tmp_path, database_url, f"DATABASES = {{'default': {SQLITE}}}")
    done = project.manage("migrate", *options)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert "The default database is SQLite. Nightshift keeps its ledger in PostgreSQL." in done.stderr
    assert "Set DATABASES['default'] to a PostgreSQL database, 15 or newer, with psycopg 3." in done.stderr


def test_a_second_database_of_the_projects_may_be_another_one(tmp_path, database_url):
    settings = f"DATABASES['other'] = {SQLITE}\nDATABASE_ROUTERS = ['routers.Router']"
    project = Project(tmp_path, database_url, settings, {"routers.py": ROUTER})
    done = project.manage("migrate", "--skip-checks", "--database", "other")
    assert done.returncode == 0, done.stderr
    assert "Applying sessions.0001_initial... OK" in done.stdout
