"""Moments that tests name by their text."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone


def at(text, day="2026-03-14"):
    """A moment of this day, or of another where the text has one: at("03:00"), at("2026-03-01 03:00:10")."""
    return datetime.fromisoformat(text if " " in text else f"{day} {text}").replace(tzinfo=UTC)


def ago(**time):
    """So long before now, by this machine's clock: ago(minutes=3)."""
    return timezone.now() - timedelta(**time)
