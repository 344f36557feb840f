"""What most tests need: jobs declared for one test, and a worker whose children see the test's database."""

import os
import signal
from contextlib import contextmanager
from datetime import timedelta
from importlib import import_module, reload

import psycopg
import pytest
from django.db import connection
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis

from jobs import declare
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.execution.isolation.client import server
from jobs.execution.worker import this_worker
from jobs.ledger import migration_gate, releases
from jobs.reading import usual
from tests.helpers.beside import url_of
from tests.helpers.database_clock import SEARCH_PATH, DatabaseClock
from tests.helpers.doorbells import rings, rung  # noqa: F401 — fixtures
from tests.helpers.guests import guest  # noqa: F401 — a fixture

# A busy machine is slow now and then: no property fails for that. pytest's timeout bounds them all.
hypothesis.register_profile("busy machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
hypothesis.load_profile("busy machine")


def pytest_configure():
    # A script's background job begins with these ignored, and so would all that a test starts and interrupts.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGQUIT, signal.SIG_DFL)


@pytest.fixture(autouse=True)
def declared():
    """`declare`, with a registry of the test's own; the project's jobs come back afterwards."""
    with registry.isolated():
        yield declare


@pytest.fixture(autouse=True)
def new_process():
    """This process is one that has neither ticked, nor said which release it runs, nor read what is usual.

    It has seen that the test's database is migrated: else the first test that asks for a page would pay for looking.
    """
    migration_gate.gate.is_open = True
    tick.here.forget()
    releases.here.forget()
    usual.kept.forget()


@pytest.fixture
def project_jobs():
    """The jobs that the project and its apps declare, without those of the zoo."""
    for package in ["tests.plain"] if os.environ.get("TEST_PROJECT") == "plain" else ["examples.rates", "mydjango"]:
        reload(import_module(f"{package}.schedule"))
    return registry


@pytest.fixture(scope="session")
def database_url(django_db_setup, django_db_blocker):
    """The test's database, for processes that a test starts. They find it in DATABASE_URL."""
    with django_db_blocker.unblock():
        connection.ensure_connection()
        params = connection.get_connection_params()
        names = ("dbname", "host", "port", "user", "password")
        url = url_of({name: value for name, value in params.items() if name in names and value})
    before = os.environ.get("DATABASE_URL")
    os.environ["DATABASE_URL"] = url
    server.stop()  # one that a test of /api/ready has started knows another database
    yield url
    if before is None:
        del os.environ["DATABASE_URL"]
    else:
        os.environ["DATABASE_URL"] = before
    server.stop()
    with django_db_blocker.unblock(), connection.cursor() as cursor:
        # The writer's thread keeps its connection for a while: the test's database can't be dropped under it.
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> %s",
            [connection.connection.info.backend_pid],
        )


@pytest.fixture
def worker(database_url, transactional_db):
    """A worker that can execute runs in children; none of them outlives the test."""
    yield this_worker
    if this_worker.supervisors:
        this_worker.shut_down(timedelta(0), timedelta(0))
        this_worker.open_again()


@pytest.fixture
def database_clock(db):
    """The database's clock, as this test's connection sees it."""
    with connection.cursor() as cursor:
        clock = DatabaseClock(cursor.execute)
        cursor.execute(f"SET search_path = {SEARCH_PATH}")
        yield clock
        cursor.execute("RESET search_path")
        clock.remove()


@pytest.fixture
def locked(database_url):
    """Hold what a statement locks, in another session, for as long as the block lasts."""

    @contextmanager
    def lock(statement, *parameters):
        with psycopg.connect(database_url) as other:
            other.execute(statement, parameters)
            yield

    return lock


@pytest.fixture
def role_without_rights(transactional_db):
    """The connection of this thread belongs to a role that may connect and nothing more."""
    migration_gate.gate.is_open = False
    with connection.cursor() as cursor:
        cursor.execute("CREATE ROLE without_rights")
        cursor.execute("SET ROLE without_rights")
    yield
    with connection.cursor() as cursor:
        cursor.execute("RESET ROLE")
        cursor.execute("DROP ROLE without_rights")
