"""What the doctor says of the worker: its threads, its fork server, its queue, and its host's batches."""

import pytest

from jobs.execution.isolation.client import server
from jobs.execution.isolation.process import ForkServerFailed
from jobs.ledger import doorbell
from tests.helpers.doctor import all_is_well, says  # noqa: F401 — a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_well")]


def test_a_laptop_is_not_asked_for_threads(settings, monkeypatch):
    monkeypatch.delenv("PYTHON_THREADPOOL_THREAD_COUNT", raising=False)
    settings.LOCAL = True
    assert says("threads") == (True, "LOCAL=1: the local host sees to them")


def test_a_fork_server_that_does_not_load(monkeypatch):
    def fail():
        raise ForkServerFailed(
            "The fork server can't load the project: Traceback\nImportError: no module named nothing"
        )

    monkeypatch.setattr(server, "start", fail)
    assert says("fork server") == (False, "ImportError: no module named nothing")


def test_a_queue_that_cannot_be_reached(monkeypatch):
    monkeypatch.setattr(doorbell.LocalDoorbell, "problem", lambda self: "The queue jobs-runs can't be reached: no.")
    assert says("queue") == (False, "The queue jobs-runs can't be reached: no.")


def test_host_json_and_the_settings_disagree(settings):
    settings.JOBS_MAX_RUNNING = 8
    assert says("batch") == (
        False,
        "The host takes 4 messages at once (queues.batchSize of host.json, or the setting that overrides it), and "
        "JOBS_MAX_RUNNING is 8. Make them the same, and queues.newBatchThreshold one less.",
    )


def test_a_setting_overrules_host_json_as_terraform_does_it(settings, monkeypatch):
    settings.JOBS_MAX_RUNNING = 8
    monkeypatch.setenv("AzureFunctionsJobHost__extensions__queues__batchSize", "8")
    assert says("batch") == (True, "8 messages at once, as many as runs")


def test_a_host_json_that_cannot_be_read_is_a_finding(settings, tmp_path):
    settings.BASE_DIR = tmp_path
    (tmp_path / "host.json").write_text("version: 2.0")
    assert says("batch") == (
        False,
        "host.json is not JSON: Expecting value: line 1 column 1 (char 0). Write it as JSON.",
    )
