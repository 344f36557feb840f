"""Commands of the zoo, executed by a worker of the test's own."""

import threading

import pytest

from jobs.choices import Status
from jobs.execution.isolation import client
from jobs.ledger import triggers
from jobs.models import Attempt
from tests.helpers.processes import until


@pytest.fixture
def execute(worker, declared):
    """Declare a job for a command of the zoo, run it, and give its run and attempt."""
    client.server.start()  # a short timeout is for the command

    def execute_command(command, *arguments, **rules):
        declared("zoo", *arguments, command=command, **rules)
        run = triggers.request("zoo", requested_by="a test", ring=False)
        worker.execute(run.pk)
        run.refresh_from_db()
        return run, Attempt.objects.get(run=run, number=run.attempt)

    return execute_command


@pytest.fixture
def the_next_run_is_fine(worker, declared):
    """Whatever a test did: a worker goes on."""
    yield
    declared("fine", command="succeeds")
    run = triggers.request("fine", requested_by="a test", ring=False)
    assert worker.execute(run.pk) is Status.SUCCEEDED


@pytest.fixture
def running(worker, declared):
    """Start a command of the zoo in a thread; gives the run once it has spoken, and the thread."""
    threads = []

    def start(command, *arguments, **rules):
        declared("zoo", *arguments, command=command, **rules)
        run = triggers.request("zoo", requested_by="a test", ring=False)
        thread = threading.Thread(target=worker.execute, args=[run.pk])
        thread.start()
        threads.append(thread)
        until(lambda: Attempt.objects.filter(run=run, output__isnull=False).exists())
        return run, thread

    yield start
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()
