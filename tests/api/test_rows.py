"""Rows as JSON: the same as REST framework's own way to write them, for any row and in any zone."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone
from rest_framework import serializers

from jobs.api.events import AuditSerializer
from jobs.api.occurrences import GapSerializer
from jobs.api.serializers import AttemptSerializer, RunSerializer, RunWithAttemptsSerializer
from jobs.choices import EventKind
from jobs.ledger.events import record
from jobs.models import Event, Gap, Run
from tests.helpers.rows import a_run, an_attempt

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 29, 12, 0, 0, 1, tzinfo=UTC)


@pytest.fixture
def rows():
    first = a_run("report", "failed", error="no", progress={"done": 1}, labels=["a"], scheduled_for=NOON, pinned=True)
    other = a_run("report", "queued", retry_of=first, blocked_by=first, arguments=["--days", "7"])
    an_attempt(first, 1, started_at=NOON, finished_at=NOON + timedelta(seconds=1.5), exit_code=3)
    an_attempt(first, 2)
    return list(Run.objects.filter(pk__in=[first.pk, other.pk]).order_by("pk"))


@pytest.mark.parametrize("zone", ["UTC", "Asia/Kolkata"])
def test_they_are_what_rest_framework_writes(rows, zone):
    with timezone.override(zone):
        for row in rows:
            for kind in (RunSerializer, RunWithAttemptsSerializer):
                assert kind(row).data == serializers.ModelSerializer.to_representation(kind(row), row)
            for attempt in row.attempts.all():
                whole = AttemptSerializer(attempt)
                assert whole.data == serializers.ModelSerializer.to_representation(AttemptSerializer(attempt), attempt)


def test_so_are_gaps_and_events(db):
    record(EventKind.PAUSED, "Ada paused report.", job="report", by="ada", before={"paused": False})
    Gap.objects.create(job="report", first=NOON, last=NOON, count=1, fate="missed", reason="too_late")
    for kind, row in ((AuditSerializer, Event.objects.get()), (GapSerializer, Gap.objects.get())):
        assert kind(row).data == serializers.ModelSerializer.to_representation(kind(row), row)
