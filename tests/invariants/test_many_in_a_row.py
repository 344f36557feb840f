"""A worker stays as it was, however many runs it has executed."""

import os
import threading

import pytest

from jobs.choices import Status
from jobs.execution.isolation import client
from jobs.ledger import triggers
from tests.helpers.processes import children_of, memory_of

pytestmark = [pytest.mark.invariant, pytest.mark.timeout(900)]

# `make soak` takes a thousand.
RUNS = int(os.environ.get("JOBS_IN_A_ROW", "100"))
# Until all that is needed once is there.
FIRST = 20
# What a process may grow by, in bytes.
ROOM = 4 * 2**20


@pytest.fixture
def execute(worker, declared, caplog):
    declared("zoo", command="succeeds")

    def execute_many(count):
        for _ in range(count):
            run = triggers.request("zoo", requested_by="a test", ring=False)
            assert worker.execute(run.pk) is Status.SUCCEEDED
            caplog.clear()

    return execute_many


def what_there_is(*processes):
    """How many descriptors each has, and how many threads this one has."""
    return [*(len(os.listdir(f"/proc/{process}/fd")) for process in processes), threading.active_count()]


def test_many_runs_in_a_row_leave_no_descriptor_no_memory_no_thread_and_no_process(execute):
    client.server.stop()  # one that tests before this used at once has more than one guardian
    execute(FIRST)
    worker, server = os.getpid(), client.server.pid
    [guardian] = children_of(server)
    processes = worker, server, guardian
    children, there_was = children_of(worker), what_there_is(*processes)
    memory = [memory_of(process) for process in processes]
    execute(RUNS)
    assert client.server.pid == server
    assert children_of(server) == {guardian}
    assert children_of(guardian) == set()
    assert children_of(worker) <= children
    # What a test before this one left may have gone meanwhile.
    assert all(now <= before for now, before in zip(what_there_is(*processes), there_was, strict=True))
    grown = [memory_of(process) - before for process, before in zip(processes, memory, strict=True)]
    assert max(grown) < ROOM, grown
