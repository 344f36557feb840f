import json
import os
import signal
import subprocess
import sys

import pytest
from django.conf import settings

from jobs import telemetry
from tests.telemetry.collector import Collector


@pytest.fixture
def collector():
    with Collector() as collector:
        yield collector


@pytest.fixture
def start_worker(database_url, transactional_db):
    """Start a worker process with these variables beside the usual ones, and these calls to make."""
    processes = []

    def start(calls, **variables):
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith(("OTEL_", "APPLICATIONI"))
        }
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.telemetry.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=settings.BASE_DIR,
            env=environment | {"DJANGO_SETTINGS_MODULE": "tests.settings", "LOCAL": "1"} | variables,
        )
        processes.append(process)
        process.stdin.write(json.dumps(calls))
        process.stdin.close()
        process.stdin = None
        return process

    yield start
    for process in processes:
        process.send_signal(signal.SIGKILL)
        process.communicate()


@pytest.fixture
def work(start_worker):
    """Let a worker make these calls. Gives what it tells of itself."""

    def make_calls(*calls, **variables):
        process = start_worker(calls, **variables)
        told, errors = process.communicate(timeout=60)
        assert process.returncode == 0, errors
        found = json.loads(told.splitlines()[-1])
        assert found["errors"] == [""] * len(calls)
        return found

    return make_calls


@pytest.fixture
def sink():
    """A sink that remembers what it is told."""

    class Remembers(telemetry.Sink):
        is_on = True

        def __init__(self):
            self.told = []

        def run_ended(self, *said):
            self.told.append(("run_ended", *said))

        def missed(self, *said):
            self.told.append(("missed", *said))

        def lost(self, *said):
            self.told.append(("lost", *said))

        def queue(self, *said):
            self.told.append(("queue", *said))

    found = Remembers()
    telemetry.send_to(found)
    yield found
    telemetry.send_to(telemetry.Sink())
