"""Moments that tests name by their text."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone


def at(text, day="2026-03-14"):
    """A moment of this day, or of another where the text has one: at("03:00"), at("2026-03-01 03:00:10")."""
    return datetime.fromisoformat(text if " " in text else f"{day} {text}").replace(tzinfo=UTC)


def ago(**time):
    """So long before now, by this machine's clock: ago(minutes=3)."""
    return timezone.now() - timedelta(**time)


@pytest.fixture
def evening(monkeypatch):
    """It is the evening before the clocks of Europe go forward."""
    monkeypatch.setattr("jobs.ledger.states.clock", lambda: datetime(2027, 3, 27, 20, 0, tzinfo=UTC))
