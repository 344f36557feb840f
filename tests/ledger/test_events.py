"""Events that would come often are one row, whoever leaves them."""

import pytest

from jobs.ledger import events
from jobs.models import Event
from tests.helpers.at_once import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def test_two_apps_at_once_leave_one_event():
    assert sorted(at_once(lambda app: events.hourly("ambiguous_call", f"by {app}", job="nightly"), range(6))) == [
        *range(1, 7)
    ]
    assert Event.objects.get().count == 6


def test_each_job_and_kind_has_its_own():
    for job, kind in [("a", "ambiguous_call"), ("b", "ambiguous_call"), ("a", "clock_ahead")]:
        assert events.hourly(kind, "what happened", job=job) == 1
    assert Event.objects.count() == 3


def test_other_events_are_a_row_each():
    for _ in range(2):
        Event.objects.create(kind="paused", message="paused")
    assert Event.objects.count() == 2
