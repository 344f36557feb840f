"""What the doorbell was rung for, where no executor listens."""

import pytest


@pytest.fixture
def rung(monkeypatch):
    """The runs that were rung for."""
    found = []
    monkeypatch.setattr("jobs.ledger.doorbell.ring", lambda run, *delay: found.append(run))
    return found


@pytest.fixture
def rings(monkeypatch):
    """The runs that were rung for, each with its delay where it had one."""
    found = []
    monkeypatch.setattr("jobs.ledger.doorbell.ring", lambda run, *delay: found.append((run, *delay)))
    return found
