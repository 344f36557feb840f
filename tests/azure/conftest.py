"""Storage and workers as they are in Azure: Azurite, and processes that play the host."""

import json
import os
import subprocess
import sys
import tempfile

import pytest
from django.conf import settings

from jobs.azure import queue
from tests.azure.azurite import Azurite
from tests.invariants.conftest import Process

DOORBELL = "jobs.azure.queue.QueueDoorbell"


@pytest.fixture(scope="session")
def one_azurite():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        azurite = Azurite(folder)
        yield azurite
        azurite.stop()


@pytest.fixture
def azurite(one_azurite, monkeypatch, settings):
    """Azurite with no queue in it, and this process rings there."""
    for name in ("jobs-runs", "jobs-runs-poison"):
        with one_azurite.queue(name) as found:
            try:
                found.delete_queue()
            except Exception as error:  # noqa: BLE001
                assert type(error).__name__ == "ResourceNotFoundError"  # noqa: PT017
    monkeypatch.setenv("AzureWebJobsStorage", one_azurite.connection_string)
    settings.JOBS_DOORBELL = DOORBELL
    fresh_client(monkeypatch)
    yield one_azurite
    queue.client.cache_clear()


def fresh_client(monkeypatch):
    """The doorbell reads the environment again, and remembers no outage."""
    queue.client.cache_clear()
    monkeypatch.setattr(queue, "outage", queue.Outage())


def ended(run):
    """Whether the run has ended; it is read again."""
    run.refresh_from_db()
    return run.status in {"succeeded", "failed", "lost"}


class Host(Process):
    """A process that plays the host for our queues: tests.azure.queue_host."""

    def __init__(self, orders, database_url, storage, **environment):
        self.mark = f"JOBS_TEST_TREE={os.urandom(8).hex()}"
        name, _, value = self.mark.partition("=")
        self.popen = subprocess.Popen(
            [sys.executable, "-m", "tests.azure.queue_host", json.dumps(orders)],
            stdout=subprocess.PIPE,
            cwd=settings.BASE_DIR,
            env=os.environ
            | {
                "DJANGO_SETTINGS_MODULE": "tests.settings",
                "DATABASE_URL": database_url,
                "AzureWebJobsStorage": storage,
                "JOBS_DOORBELL": DOORBELL,
                name: value,
            }
            | environment,
        )


@pytest.fixture
def host(azurite, database_url, transactional_db):
    """Start processes that play the host; none outlives the test."""
    started = []

    def start(fault="", database=database_url, **orders):
        process = Host(orders, database, azurite.connection_string, JOBS_FAULT=fault)
        started.append(process)
        process.wait_until_ready()
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()
