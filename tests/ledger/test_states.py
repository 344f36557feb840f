"""Where a job's ledger begins."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs import clocks
from jobs.declarations.registry import registry
from jobs.ledger import states
from jobs.ledger.settle import settle
from jobs.models import JobState

pytestmark = pytest.mark.django_db
FIVE_MINUTES = timedelta(minutes=5)


@pytest.fixture(params=[FIVE_MINUTES, timedelta(0), -FIVE_MINUTES], ids=["behind", "right", "ahead"])
def skew(request, database_clock):
    """How far this machine's clock is behind the database's."""
    database_clock.set(ahead=request.param)
    return request.param


@pytest.fixture
def each_second(declared):
    declared("each_second", command="succeeds", schedule="* * * * * *", timer=False)
    return registry["each_second"]


def test_a_ledger_begins_when_the_process_first_saw_the_job_whatever_its_own_clock_says(skew, each_second, monkeypatch):
    monkeypatch.setattr(registry, "first_seen", clocks.elapsed() - 40)
    began = datetime.now(UTC) + skew - timedelta(seconds=40)
    assert len(settle([each_second]).runs) == 1
    state = JobState.objects.get()
    assert abs(state.ledger_from - began) < timedelta(seconds=20)
    assert state.ledger_from < state.ledger_through <= states.clock()


def test_a_ledger_never_begins_in_the_future(skew, each_second):
    states.begin([each_second])
    assert JobState.objects.get().ledger_from <= states.clock()
