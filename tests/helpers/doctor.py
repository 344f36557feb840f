"""What the doctor says of a sound deployment, each check for itself."""

import os

import pytest

from jobs.azure import health
from jobs.execution import tick
from jobs.execution.isolation.client import server
from jobs.health import answers, doctor

CHECKS = {**doctor.OF_DATABASE, **doctor.OTHERS, **health.CHECKS}


@pytest.fixture
def all_is_well(monkeypatch, declared):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *")
    monkeypatch.setattr(server, "start", lambda: None)
    monkeypatch.setenv("PYTHON_THREADPOOL_THREAD_COUNT", "32")
    for name in list(os.environ):
        if name.startswith("AzureWebJobsStorage") or name == "WEBSITE_TIME_ZONE":
            monkeypatch.delenv(name)
    tick.tick()


def says(check):
    """What the doctor says of one check, and whether all is well with it."""
    finding = answers.finding(check, CHECKS[check])
    return finding.ok, finding.says
