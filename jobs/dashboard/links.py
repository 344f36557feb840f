"""Addresses of lists and forms with their fields filled in."""

from datetime import UTC, datetime
from urllib.parse import urlencode

from django.urls import reverse


def of_job(name: str) -> str:
    return reverse("nightshift:job", args=[name])


def missed_of(job: str, first: datetime, last: datetime) -> str:
    """The form that runs what a job missed, from its first such occurrence to its last one."""
    return f"{reverse('nightshift:missed', args=[job])}?{urlencode({'after': utc(first), 'before': utc(last)})}"


def utc(moment: datetime) -> str:
    """As an address has a moment: 2026-01-31T02:00:00Z."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}"
