"""SIGTERM to a worker that executes a run."""

import os
import signal
import subprocess
import sys
import threading
import time

import pytest
from django.conf import settings

from jobs.azure import shutdown
from jobs.choices import Status, Trigger
from jobs.models import Attempt, Run
from tests.helpers.processes import until

CODE = """
import asyncio, sys
from django.conf import settings
from jobs.localhost.protos import typed
from jobs.localhost.worker import Worker

async def main():
    worker = Worker()
    functions = {function.name: function for function in await worker.index(settings.BASE_DIR)}
    print("ready", flush=True)
    await worker.invoke(functions["execute_run"], typed(string=sys.argv[1]),
                        {"Id": typed(string="1"), "DequeueCount": typed(json="1")})

import django
django.setup()
asyncio.run(main())
"""


@pytest.fixture
def worker_at_work(database_url, transactional_db):
    """A worker process outside of the local host, as Azure starts it, with a run of this length (seconds)."""
    processes = []

    def start(seconds, stop_time):
        run = Run.objects.create(job="sleeps", trigger=Trigger.API, requested_by="a test", arguments=[str(seconds)])
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "tests.settings",
            "SECRET_KEY": "a secret key of the tests alone",
            "WEBSITES_CONTAINER_STOP_TIME_LIMIT": str(stop_time),
        }
        del environment["LOCAL"]
        process = subprocess.Popen(
            [sys.executable, "-c", CODE, str(run.pk)], stdout=subprocess.PIPE, cwd=settings.BASE_DIR, env=environment
        )
        processes.append(process)
        assert process.stdout.readline() == b"ready\n"
        until(lambda: Attempt.objects.filter(run=run, output__isnull=False).exists())
        return run, process

    yield start
    for process in processes:
        process.kill()
        process.wait()
        process.stdout.close()


def test_a_run_that_needs_longer_than_the_platform_waits_is_interrupted(worker_at_work):
    run, process = worker_at_work(60, stop_time=6)
    began = time.monotonic()
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 128 + signal.SIGTERM
    assert time.monotonic() - began < 6
    run.refresh_from_db()
    assert run.status == Status.QUEUED
    assert run.attempts.get().status == "interrupted"


def test_a_run_that_ends_in_time_has_succeeded(worker_at_work):
    run, process = worker_at_work(2.5, stop_time=20.5)
    process.send_signal(signal.SIGTERM)
    assert process.wait(10) == 128 + signal.SIGTERM
    run.refresh_from_db()
    assert run.status == Status.SUCCEEDED


def test_off_the_main_thread_no_signal_can_be_taken_and_the_log_says_so(caplog):
    thread = threading.Thread(target=shutdown.listen)
    thread.start()
    thread.join()
    assert caplog.messages == [
        "SIGTERM isn't handled, because the app wasn't loaded in the main thread. A stop kills running runs."
    ]
