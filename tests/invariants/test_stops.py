"""A supervisor that is stopped (SIGSTOP, Ctrl-Z, a frozen machine) and goes on later: nothing runs twice at once."""

import os
import signal
import time

import pytest

from jobs.choices import Status
from jobs.execution import startup, tick
from jobs.execution.worker import this_worker
from jobs.ledger import triggers
from jobs.models import Attempt, Run
from tests.helpers.processes import is_alive, is_stopped, parent_of, until
from tests.helpers.rows import output_text
from tests.invariants.test_kills import TIMING, declare_here, short_leases  # noqa: F401 — a fixture

pytestmark = pytest.mark.invariant
# What those who were stopped together may do, in seconds, from their waking to the fence: one beat, and a slow machine.
WAKING = 0.5


@pytest.fixture
def beats(tmp_path, declared):
    job = {"name": "beats", "arguments": [str(tmp_path / "beats"), "4"], "rules": {"retry": {"times": 1, "delay": 0}}}
    declare_here(declared, [job])

    def read():
        """The moments of each attempt, by its number."""
        found = {}
        if (tmp_path / "beats").exists():
            for line in (tmp_path / "beats").read_text().splitlines():
                attempt, at = line.split()
                found.setdefault(attempt, []).append(float(at))
        return found

    return job, read


def a_supervisor_at_work(start, declared, job, read):
    """Not with its first run: the guardian was kept from another."""
    first = {"name": "succeeds", "arguments": [], "rules": {}}
    declare_here(declared, [first])
    triggers.request("succeeds", requested_by="a test", ring=False)
    run = triggers.request("beats", requested_by="a test", ring=False)
    [process] = start({"declare": [first, job], "linger": True, "timing": TIMING})
    process.begin()
    until(lambda: len(read().get("1", [])) > 5, what="the first beats")
    return run, process


def take_over(run):
    """What another worker does: tick until the run is lost, then execute it again."""
    until(lambda: tick.tick() is not None and Run.objects.get(pk=run.pk).status == Status.QUEUED, 20, "the loss")
    assert this_worker.execute(run.pk) is Status.SUCCEEDED


@pytest.mark.parametrize("stopped", ["supervisor", "all of it"])
def test_a_run_whose_supervisor_is_stopped_is_at_work_once_at_a_time(
    start,
    beats,
    short_leases,  # noqa: F811
    declared,
    worker,
    stopped,
):
    job, read = beats
    run, process = a_supervisor_at_work(start, declared, job, read)
    tree = process.tree() if stopped == "all of it" else [process.popen.pid]
    for pid in tree:
        os.kill(pid, signal.SIGSTOP)
    stopped_at = time.monotonic()
    until(lambda: time.monotonic() - stopped_at > TIMING["FENCE"], what="the fence")
    take_over(run)
    for pid in tree:
        os.kill(pid, signal.SIGCONT)
    woken_at = time.monotonic()
    process.wait()
    first, second = read()["1"], read()["2"]
    overlap = [at for at in first if at >= second[0]]
    assert [at for at in overlap if at < woken_at] == []
    assert all(at < woken_at + WAKING for at in overlap)
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.SUCCEEDED, 2)


def test_a_run_that_is_stopped_ends_with_its_worker(start, declared):
    job = {"name": "signals", "arguments": ["group", "SIGSTOP"], "rules": {}}
    declare_here(declared, [job])
    run = triggers.request("signals", requested_by="a test", ring=False)
    [process] = start({"declare": [job], "linger": True})
    process.begin()
    until(lambda: Attempt.objects.filter(run=run, output__isnull=False).exists())
    pids = [int(pid) for pid in output_text(Attempt.objects.get(run=run)).split()]
    until(lambda: all(map(is_stopped, pids)))
    process.kill()
    until(lambda: not any(map(is_alive, pids)), 20)


def test_no_process_outlives_a_killed_worker(start, declared):
    """Neither the daemon of a run whose guardian was kept from another, nor a guardian that waits for a run."""
    first = {"name": "succeeds", "arguments": [], "rules": {}}
    job = {"name": "spawns", "arguments": ["daemon", "--linger", "60"], "rules": {}}
    declare_here(declared, [first, job])
    triggers.request("succeeds", requested_by="a test", ring=False)
    run = triggers.request("spawns", requested_by="a test", ring=False)
    [process] = start({"declare": [first, job], "linger": True})
    process.begin()
    until(lambda: Attempt.objects.filter(run=run, output__isnull=False).exists())
    daemon = int(output_text(Attempt.objects.get(run=run)))
    assert {daemon, parent_of(daemon)} < set(process.tree())
    process.kill()
    until(lambda: process.tree() == [], 20)


@pytest.mark.parametrize("guardian_gets", [signal.SIGKILL, signal.SIGSTOP])
def test_what_a_killed_worker_left_alive_is_ended_by_the_next_one(start, declared, worker, guardian_gets):
    """The fork server was killed with it; the guardian too, or it was stopped and keeps no fence."""
    job = {"name": "spawns", "arguments": ["daemon", "--linger", "60"], "rules": {}}
    declare_here(declared, [job])
    run = triggers.request("spawns", requested_by="a test", ring=False)
    [process] = start({"declare": [job], "linger": True})
    process.begin()
    until(lambda: Attempt.objects.filter(run=run, output__isnull=False).exists())
    daemon = int(output_text(Attempt.objects.get(run=run)))
    guardian = parent_of(daemon)
    server = parent_of(guardian)
    os.kill(process.popen.pid, signal.SIGSTOP)  # so that it can't put anything right in between
    os.kill(server, signal.SIGKILL)
    os.kill(guardian, guardian_gets)
    process.kill()
    process.wait()
    assert is_alive(daemon)
    startup.declare_predecessors_lost()
    assert not is_alive(daemon)
    assert process.tree() == []
    run.refresh_from_db()
    assert run.status == Status.LOST
