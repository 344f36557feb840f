"""How many connections the app may need, and how many the server gives."""

import pytest
from django.core.checks import run_checks
from django.db import connection

from jobs.ledger import connections

pytestmark = pytest.mark.django_db


@pytest.fixture
def plan(monkeypatch, settings):
    def set_plan(threads, running, instances, processes=1):
        monkeypatch.setenv("PYTHON_THREADPOOL_THREAD_COUNT", str(threads))
        monkeypatch.setenv("FUNCTIONS_WORKER_PROCESS_COUNT", str(processes))
        settings.JOBS_MAX_RUNNING, settings.JOBS_MAX_INSTANCES = running, instances

    return set_plan


@pytest.mark.parametrize(
    ("numbers", "total", "words"),
    [
        ((6, 4, 1), 12, "(6 threads + 1 writer + 1 deliverer + 4 runs) × 1 instance = 12"),
        ((32, 4, 3), 114, "(32 threads + 1 writer + 1 deliverer + 4 runs) × 3 instances = 114"),
        ((8, 2, 2, 2), 48, "(8 threads + 1 writer + 1 deliverer + 2 runs) × 2 processes × 2 instances = 48"),
    ],
)
def test_the_peak_is_threads_and_writer_and_runs_on_each_instance(plan, numbers, total, words):
    plan(*numbers)
    assert (connections.peak().total, str(connections.peak())) == (total, words)


def test_the_threads_are_computed_as_the_worker_library_does(monkeypatch):
    monkeypatch.delenv("PYTHON_THREADPOOL_THREAD_COUNT", raising=False)
    monkeypatch.setattr("os.cpu_count", lambda: 2)
    assert connections.peak().threads == 6


def test_the_servers_reserve_is_not_ours():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('max_connections')::int")
        (limit,) = cursor.fetchone()
    assert connections.room() == limit - 3


def test_the_roles_own_limit_counts():
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        cursor.execute(f'ALTER ROLE "{cursor.fetchone()[0]}" CONNECTION LIMIT 7')
    assert connections.room() == 7


def test_too_many_are_warned_of_where_the_database_is_checked(plan):
    plan(32, 4, 10)
    (warning,) = [found for found in run_checks(databases=["default"]) if found.id == "jobs.W012"]
    assert warning.msg == (
        "The app may need 380 database connections at its peak, "
        "(32 threads + 1 writer + 1 deliverer + 4 runs) × 10 instances = 380, "
        f"and the server gives it {connections.room()}."
    )
    assert warning.hint == (
        "Lower PYTHON_THREADPOOL_THREAD_COUNT, JOBS_MAX_RUNNING or the number of instances, or take a larger server."
    )
    assert not [found for found in run_checks() if found.id == "jobs.W012"], "a build has no database"


def test_enough_connections_bring_no_warning(plan):
    plan(6, 4, 1)
    assert connections.shortage() == ""
