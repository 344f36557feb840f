"""A guardian is kept for the next run: with nothing of the one before, and only while it is whole."""

import os
import re
import signal
import threading
import time
from itertools import count
from pathlib import Path

import pytest

from jobs.choices import Status
from jobs.execution.isolation import client
from jobs.ledger import triggers
from jobs.models import Attempt
from tests.helpers.processes import children_of, is_alive, is_stopped, parent_of, until
from tests.helpers.rows import output_text


@pytest.fixture
def run(worker, declared):
    """Run a command, and give its attempt; at first no guardian is kept."""
    client.server.start()
    client.server._current[False].part_with_guardians()
    until(lambda: not children_of(client.server.pid))
    numbers = count()

    def run_command(command, *arguments):
        declared(name := f"{command}_{next(numbers)}", *arguments, command=command)
        run = triggers.request(name, requested_by="a test", ring=False)
        worker.execute(run.pk)
        return Attempt.objects.select_related("run").get(run=run)

    return run_command


def the_guardian():
    [guardian] = children_of(client.server.pid)
    return guardian


def memory_holds(process, text):
    """Whether a process has this text anywhere in what it may write to."""
    with open(f"/proc/{process}/maps") as maps, open(f"/proc/{process}/mem", "rb", buffering=0) as memory:
        for line in maps:
            found = re.match(r"([0-9a-f]+)-([0-9a-f]+) rw", line)
            if found is None or "[v" in line:
                continue
            at, end = (int(place, 16) for place in found.groups())
            while at < end:
                memory.seek(at)
                data = memory.read(min(end - at, 2**22))
                if text in data:
                    return True
                at += len(data)
    return False


def test_each_run_of_a_kept_guardian_has_a_receipt_of_its_own(run):
    large = run("eats_memory", "200")
    guardian = the_guardian()
    small = run("succeeds")
    assert the_guardian() == guardian
    assert large.peak_memory > 200 * 2**20 > small.peak_memory > 0
    assert {large.run.status, small.run.status} == {Status.SUCCEEDED}


def test_a_kept_guardian_holds_nothing_of_the_run_before(run):
    run("succeeds")
    guardian = the_guardian()

    def surroundings():
        status = Path(f"/proc/{guardian}/status").read_text()
        return [
            {os.readlink(f"/proc/{guardian}/fd/{name}") for name in os.listdir(f"/proc/{guardian}/fd")},
            os.readlink(f"/proc/{guardian}/cwd"),
            Path(f"/proc/{guardian}/limits").read_text(),
            re.findall(r"(?:Umask|Sig(?:Pnd|Blk|Ign|Cgt)|Threads|Groups|NoNewPrivs):.*", status),
            Path(f"/proc/{guardian}/oom_score_adj").read_text(),
        ]

    before = surroundings()
    run("alters")
    argument = f"an-argument-{os.urandom(8).hex()}"
    assert argument in run("argv", argument).run.result
    assert the_guardian() == guardian
    assert surroundings() == before
    assert memory_holds(guardian, b"JOBS_MARK"), "its memory can be searched"
    assert not memory_holds(guardian, argument.encode())


def test_runs_of_one_guardian_draw_different_random_numbers(guest, run):
    guest(draws=("", "import random, uuid\nreturn f'{random.random()} {uuid.uuid4()}'"))
    client.server.stop()  # it was loaded without that
    first, second = (run("draws").run.result.split() for _ in range(2))
    the_guardian()
    assert not set(first) & set(second)


def test_a_guardian_waits_longer_than_the_projects_timeout_of_sockets(guest, run):
    guest(ready="import socket\nsocket.setdefaulttimeout(0.1)", goes=("", "pass"))
    client.server.stop()
    run("goes")
    guardian = the_guardian()
    time.sleep(0.3)
    assert run("goes").run.status == Status.SUCCEEDED
    assert the_guardian() == guardian


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGSTOP])
def test_a_guardian_that_was_killed_or_stopped_while_it_waited_is_replaced(run, number):
    run("succeeds")
    guardian = the_guardian()
    os.kill(guardian, number)
    until(lambda: is_stopped(guardian) if number == signal.SIGSTOP else not is_alive(guardian))
    assert run("succeeds").run.status == Status.SUCCEEDED
    until(lambda: not is_alive(guardian))
    until(lambda: the_guardian() != guardian)


@pytest.mark.parametrize("killed", ["guardian", "fork server"])
def test_the_slot_of_a_run_whose_guardian_or_fork_server_was_killed_is_usable_again(run, killed):
    run("succeeds")
    guardian, server = the_guardian(), client.server.pid
    attempts = []
    thread = threading.Thread(target=lambda: attempts.append(run("spawns", "daemon", "--linger", "1.5")))
    thread.start()
    until(lambda: Attempt.objects.filter(run__job__startswith="spawns", output__isnull=False).exists())
    daemon = int(output_text(Attempt.objects.get(run__job__startswith="spawns")))
    assert parent_of(daemon) == guardian
    os.kill(guardian if killed == "guardian" else server, signal.SIGKILL)
    thread.join(30)
    [attempt] = attempts
    assert not is_alive(daemon)
    if killed == "guardian":
        assert attempt.run.status == Status.FAILED
        assert attempt.error == "Its guardian was killed, and the child with it."
    else:
        assert attempt.run.status == Status.SUCCEEDED
    assert run("succeeds").run.status == Status.SUCCEEDED
    assert (client.server.pid == server) == (killed == "guardian")
    until(lambda: not is_alive(guardian))


def test_no_guardian_outlives_its_fork_server_in_the_workers_hands(run):
    run("succeeds")
    guardian = the_guardian()
    client.server.stop()
    until(lambda: not is_alive(guardian))
