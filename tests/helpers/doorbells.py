"""What the doorbell was rung for, where no executor listens."""

import pytest


@pytest.fixture
def rung(monkeypatch):
    """The runs that were rung for."""
    found = []
    monkeypatch.setattr("jobs.ledger.doorbell.channel", str)
    monkeypatch.setattr("jobs.ledger.doorbell.ring_all", lambda rings: found.extend(ring.run_id for ring in rings))
    return found


@pytest.fixture
def rings(monkeypatch):
    """The runs that were rung for, each with its delay."""
    found = []
    monkeypatch.setattr("jobs.ledger.doorbell.channel", str)
    monkeypatch.setattr(
        "jobs.ledger.doorbell.ring_all", lambda rings: found.extend((ring.run_id, ring.delay) for ring in rings)
    )
    return found
