"""container/init.py without a container: a stand-in host with workers, and with the real worker library at a run."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings

from jobs.choices import Status
from tests.helpers.processes import until

INIT = settings.BASE_DIR / "container" / "init.py"
HOST = Path(__file__).with_name("host.py")

# Ends on SIGTERM after SECONDS; a run of it, in a session of its own, writes what it hears.
WORKER = """
import os, signal, subprocess, sys, time
run = subprocess.Popen(["sh", "-c", "trap 'echo heard' TERM; while :; do sleep 0.1; done"], start_new_session=True)
def leave(*_):
    time.sleep(float(sys.argv[1]))
    run.kill()
    os._exit(143)
signal.signal(signal.SIGTERM, leave)
print("worker: ready", flush=True)
while True:
    time.sleep(60)
"""
STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("worker: ready", flush=True)
while True:
    time.sleep(60)
"""


@pytest.fixture
def container():
    """Start the init over the stand-in host; gives the process, when the worker (if there is one) is ready."""
    processes = []

    def start(worker=None, stop_time=20, **variables):
        environment = os.environ | {"WEBSITES_CONTAINER_STOP_TIME_LIMIT": str(stop_time)} | variables
        if worker:
            environment["HOST_WORKER"] = json.dumps([sys.executable, *worker])
        if "DJANGO_SETTINGS_MODULE" in variables:
            environment.pop("LOCAL", None)
        process = subprocess.Popen(
            [sys.executable, "-IS", INIT, sys.executable, HOST, "--an-argument"],
            stdout=subprocess.PIPE,
            text=True,
            cwd=settings.BASE_DIR,
            env=environment,
        )
        processes.append(process)
        while worker and process.stdout.readline() != "worker: ready\n":
            assert process.poll() is None
        return process

    yield start
    for process in processes:
        if process.poll() is None:
            process.terminate()  # it ends what it started
            process.wait(30)
        process.stdout.close()


def stop(process):
    """Send SIGTERM; gives the exit code, the seconds it took, and what was said meanwhile."""
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    said, _ = process.communicate(timeout=40)
    return process.returncode, time.monotonic() - began, said


groups = pytest.mark.parametrize("group", ["hosts", "own"])


@groups
def test_a_stop_reaches_host_and_worker_but_no_run(container, group):
    process = container(["-c", WORKER, "0.5"], HOST_GROUP=group)
    code, took, said = stop(process)
    assert code == 128 + signal.SIGTERM
    assert "host: SIGTERM" in said
    assert "heard" not in said
    # The worker took half a second; the host, which drains, was given its second and no more of its ten minutes.
    assert 0.5 < took < 3


def test_a_host_that_ends_at_once_does_not_cut_the_workers_time_short(container):
    process = container(["-c", WORKER, "2"], HOST_STOPS="ends")
    code, took, _ = stop(process)
    assert code == 128 + signal.SIGTERM
    assert 2 < took < 4


def test_a_worker_that_does_not_end_is_killed_before_the_platform_does_it(container):
    process = container(["-c", STUBBORN], stop_time=3)
    code, took, _ = stop(process)
    assert code == 128 + signal.SIGKILL
    assert 2 < took < 3


def test_a_stop_while_the_start_still_migrates_ends_it():
    start = "echo migrating; sleep 60; echo started"
    process = subprocess.Popen([sys.executable, "-IS", INIT, "bash", "-c", start], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "migrating\n"
    code, took, said = stop(process)
    assert (code, said) == (128 + signal.SIGTERM, "")
    assert took < 2


def test_nothing_outlives_the_container(container):
    process = container(["-c", STUBBORN], stop_time=2)
    (host,) = children(process.pid)
    (worker,) = children(host)
    stop(process)
    until(lambda: not Path(f"/proc/{host}").exists() and not Path(f"/proc/{worker}").exists())


@pytest.mark.parametrize(
    ("ending", "code"), [("0", 0), ("7", 7), (str(-signal.SIGABRT), 128 + signal.SIGABRT)], ids=["0", "7", "abort"]
)
def test_the_container_ends_as_its_host_did(container, ending, code):
    process = container(HOST_ENDS=ending)
    said, _ = process.communicate(timeout=10)
    assert said == f"host: started by {process.pid} with ['--an-argument']\n"
    assert process.returncode == code


def test_other_signals_are_the_hosts_to_hear(container):
    process = container(["-c", WORKER, "0"])
    process.send_signal(signal.SIGHUP)
    assert process.stdout.readline() == "host: SIGHUP\n"
    assert process.poll() is None


def test_a_stop_time_that_is_no_number_stops_the_start():
    refused = subprocess.run(
        [sys.executable, "-IS", INIT, "true"],
        env=os.environ | {"WEBSITES_CONTAINER_STOP_TIME_LIMIT": "long"},
        capture_output=True,
        text=True,
    )
    assert refused.returncode == 1
    assert refused.stderr == "WEBSITES_CONTAINER_STOP_TIME_LIMIT is 'long'. Write a number of seconds.\n"


@pytest.fixture
def container_at_work(container, queued, has_begun, database_url, transactional_db):
    """The real worker library under the stand-in host, at a run of so many seconds."""

    def start(seconds, stop_time, group):
        run = queued(seconds)
        process = container(
            ["-m", "tests.image.worker", str(run.pk)],
            stop_time,
            HOST_GROUP=group,
            DJANGO_SETTINGS_MODULE="tests.settings",
            SECRET_KEY="a secret key of the tests alone",
        )
        until(lambda: has_begun(run))
        return run, process

    return start


@groups
def test_a_run_that_needs_longer_than_the_platform_waits_returns_to_the_queue(container_at_work, group):
    run, process = container_at_work(60, stop_time=6, group=group)
    code, took, _ = stop(process)
    assert code == 128 + signal.SIGTERM
    assert took < 6
    run.refresh_from_db()
    assert (run.status, run.attempts.get().status) == (Status.QUEUED, "interrupted")


@groups
def test_a_run_that_ends_in_time_has_succeeded(container_at_work, group):
    run, process = container_at_work(2.5, stop_time=20, group=group)
    code, took, _ = stop(process)
    assert code == 128 + signal.SIGTERM
    assert took < 8
    run.refresh_from_db()
    assert run.status == Status.SUCCEEDED


def children(process):
    return [int(pid) for pid in Path(f"/proc/{process}/task/{process}/children").read_text().split()]
