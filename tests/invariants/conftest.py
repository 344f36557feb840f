"""Workers that are processes, and what of them is alive."""

import json
import os
import subprocess
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from django.conf import settings

from tests.helpers.postgres import Server
from tests.helpers.processes import until


def pytest_addoption(parser):
    parser.addoption("--times", type=int, default=1, help="how often to run each invariant test (`make soak`)")


def pytest_generate_tests(metafunc):
    times = metafunc.config.getoption("--times")
    if times > 1:
        metafunc.fixturenames.append("time")
        metafunc.parametrize("time", range(times))


class Process:
    """A worker process with all that it starts; `mark` is in their environment."""

    def __init__(self, orders, database_url):
        self.mark = f"JOBS_TEST_TREE={uuid4()}"
        name, _, value = self.mark.partition("=")
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.invariants.process", json.dumps(orders)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": database_url, "JOBS_FAULT": orders.get("fault", ""), name: value},
        )

    def wait_until_ready(self):
        assert self.popen.stdout.readline() == b"ready\n"

    def begin(self):
        self.popen.stdin.close()

    def kill(self):
        self.popen.kill()

    def wait(self, timeout=60):
        """The exit code."""
        code = self.popen.wait(timeout)
        self.popen.stdout.close()
        return code

    def tree(self):
        """The living processes that this one started, and itself."""
        found = []
        for entry in os.scandir("/proc"):
            if entry.name.isdecimal():
                try:
                    with open(f"{entry.path}/environ", "rb") as environment:
                        marked = self.mark.encode() in environment.read()
                    with open(f"{entry.path}/stat") as stat:
                        dead = stat.read().rpartition(")")[2].split()[0] in {"Z", "X"}
                except OSError:
                    continue
                if marked and not dead:
                    found.append(int(entry.name))
        return found


@pytest.fixture
def start(database_url, transactional_db):
    """Start worker processes; all are ready when it returns, and none outlives the test."""
    processes = []

    def start_processes(*orders):
        started = [Process(order, database_url) for order in orders]
        processes.extend(started)
        for process in started:
            process.wait_until_ready()
        return started

    yield start_processes
    for process in processes:
        process.kill()
        process.wait()
    for process in processes:
        until(lambda process=process: not process.tree())


@pytest.fixture(scope="session")
def own_server():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(f"{folder}/postgres")
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=settings.BASE_DIR,
            env=os.environ | {"DATABASE_URL": server.url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
            check=True,
        )
        yield server
        server.remove()


@pytest.fixture
def server(own_server):
    """A server of the tests' own, which they may stop, freeze or cut off, with an empty ledger."""
    with own_server.connect() as connection:
        connection.execute(
            "TRUNCATE nightshift_run, nightshift_jobstate, nightshift_gap, nightshift_event, nightshift_intervention,"
            " nightshift_lasttick, nightshift_release, nightshift_jobday, nightshift_incident CASCADE"
        )
    return own_server


def half_an_hour_ago():
    """A schedule with one occurrence in the last hour."""
    return f"0 {(datetime.now(UTC) - timedelta(minutes=30)).minute} * * * *"
