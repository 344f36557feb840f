"""Commands that work hard or in ways of their own end as under cron; those that never end do so at their timeout."""

import time
from datetime import timedelta

import pytest
from django.db import connection

from jobs.choices import Status
from jobs.execution.isolation import client
from jobs.ledger import triggers
from jobs.models import Attempt, Run
from tests.helpers.at_once import at_once
from tests.helpers.processes import forget_peak_of_memory, peak_of_memory, until
from tests.helpers.rows import output_text


@pytest.fixture
def execute(worker, declared):
    """Run a command once for each of these ways, all at the same time; gives their attempts."""
    client.server.start()

    def execute_command(command, *ways, **rules):
        runs = []
        for way in ways:
            name = f"zoo_{way[0].replace(' ', '_')}"
            declared(name, *way, command=command, **rules)
            runs.append(triggers.request(name, requested_by="a test", ring=False))
        at_once(worker.execute, [run.pk for run in runs])
        return [Attempt.objects.select_related("run").get(run=run) for run in runs]

    return execute_command


@pytest.mark.parametrize("method", ["fork", "spawn", "forkserver"])
def test_a_pool_of_processes_does_its_work(execute, method):
    [attempt] = execute("works_in_parallel", [method])
    assert (attempt.run.status, attempt.run.result) == (Status.SUCCEEDED, "[0, 1, 4, 9]"), output_text(attempt)
    assert output_text(attempt) == "[0, 1, 4, 9]\n", "nothing of the pool is left behind"


def test_an_event_loop_asks_the_database(execute):
    [attempt] = execute("works_in_parallel", ["asyncio"])
    assert (attempt.run.status, attempt.run.result) == (Status.SUCCEEDED, "running " * 3 + "running"), output_text(
        attempt
    )


@pytest.mark.parametrize("how", ["run", "run in here"])
def test_a_run_may_have_a_run_of_its_own(execute, how):
    [attempt] = execute("works_in_parallel", [how])
    assert attempt.run.status == Status.SUCCEEDED, output_text(attempt)
    assert Run.objects.get(job="succeeds").status == Status.SUCCEEDED


def test_300_megabytes_without_an_end_of_line_take_seconds_and_little_memory(execute):
    forget_peak_of_memory()
    before, began = peak_of_memory(), time.monotonic()
    [attempt] = execute("writes", ["megabytes", "--megabytes", "300"])
    assert (attempt.run.status, attempt.output_bytes) == (Status.SUCCEEDED, 300 * 2**20)
    assert time.monotonic() - began < 30
    assert peak_of_memory() - before < 64 * 2**20


def test_whatever_a_command_does_its_run_ends_at_its_timeout(execute, settings):
    settings.JOBS_MAX_RUNNING = 8
    ways = ["stopped", "swallows", "atexit", "thread", "transaction", "query"]
    rules = {"timeout": timedelta(seconds=3), "grace": timedelta(seconds=1)}
    attempts = execute("holds_on", *([way] for way in ways), **rules)
    for way, attempt in zip(ways, attempts, strict=True):
        assert (way, attempt.run.status, attempt.error) == (way, Status.TIMED_OUT, "Stopped at its timeout of 0:00:03.")
        assert output_text(attempt).startswith("at work\n")
        assert attempt.wall < timedelta(seconds=20), way
    # What the transactions held is free, and what they did was undone.
    with connection.cursor() as cursor:
        for lock in (11, 12):
            until(lambda lock=lock: cursor.execute("SELECT pg_try_advisory_lock(%s)", [lock]).fetchone()[0])
            cursor.execute("SELECT pg_advisory_unlock(%s), to_regclass(%s)", [lock, f"left_open_{lock}"])
            assert cursor.fetchone() == (True, None)
