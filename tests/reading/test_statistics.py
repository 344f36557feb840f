"""Statistics come from JobDay alone, and say the same as the runs that were counted."""

from datetime import date, timedelta

import pytest

from jobs.choices import Trigger
from jobs.declarations.registry import UnknownJob
from jobs.ledger import statistics as counting
from jobs.ledger.statistics import Swallowed
from jobs.models import Run
from jobs.reading import statistics
from jobs.reading.statistics import NoRange
from tests.helpers.days import count_ends
from tests.helpers.rows import NOON, a_run, an_attempt

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)
TODAY = NOON.date()
SECOND = timedelta(seconds=1)


@pytest.fixture
def a_week(declared):
    """Ten runs a day that take 1 to 10 s and start so late too, and one that fails; a pause on the last day."""
    declared("nightly")
    for number in range(7 * 10):
        day, seconds = number // 10, number % 10 + 1
        began = NOON + day * DAY
        run = a_run(
            trigger="schedule",
            scheduled_for=began - seconds * SECOND + number * timedelta(microseconds=1),
            started_at=began,
            finished_at=began + seconds * SECOND,
        )
        an_attempt(run, started_at=began, cpu=SECOND, peak_memory=number, warnings=2)
    a_run(status="failed", finished_at=NOON)
    a_run("gone", finished_at=NOON)
    end = NOON + 6 * DAY
    counting.count([Swallowed("nightly", "paused", "0 0 * * * * UTC", end, end + 2 * timedelta(hours=1), 3)])
    count_ends()
    Run.objects.all().delete()


def test_they_are_of_the_range_and_of_each_day_of_it(a_week, django_assert_num_queries):
    with django_assert_num_queries(1):
        found = statistics.statistics("nightly", TODAY, TODAY + 6 * DAY)
    assert (found.runs, found.outcomes["succeeded"], found.outcomes["failed"]) == (71, 70, 1)
    assert found.success_share == pytest.approx(70 / 71)
    assert found.gaps == {"paused": 3}
    assert found.duration_p50.total_seconds() == pytest.approx(5, rel=0.05)
    assert found.duration_p95.total_seconds() == pytest.approx(10, rel=0.05)
    assert (found.duration_mean, found.duration_max) == (5.5 * SECOND, 10 * SECOND)
    assert found.lateness_p95.total_seconds() == pytest.approx(10, rel=0.05)
    assert (found.cpu, found.peak_memory, found.warnings) == (70 * SECOND, 69, 140)
    assert [day.day for day in found.days] == [TODAY + number * DAY for number in range(7)]
    assert [day.runs for day in found.days] == [11, 10, 10, 10, 10, 10, 10]
    assert [day.gaps for day in found.days] == [{}] * 6 + [{"paused": 3}]


def test_they_are_of_all_jobs_of_each_job_and_of_one_trigger(a_week):
    assert statistics.statistics(None, TODAY, TODAY + 6 * DAY).runs == 72
    assert [(each.job, each.runs) for each in statistics.by_job(TODAY, TODAY)] == [("gone", 1), ("nightly", 11)]
    [manual] = statistics.statistics("nightly", TODAY, TODAY + 6 * DAY, Trigger.MANUAL).days
    assert (manual.day, manual.runs, manual.success_share, manual.duration_p50) == (TODAY, 1, 0.0, None)


def test_a_job_that_was_removed_keeps_them_and_one_that_never_was_is_unknown(a_week):
    assert statistics.statistics("gone", TODAY - 2 * DAY, TODAY - DAY).days == []
    assert statistics.statistics("nightly", date(1, 1, 1), date(1, 1, 31)).runs == 0
    with pytest.raises(UnknownJob):
        statistics.statistics("nightli", TODAY, TODAY)


@pytest.mark.parametrize(("since", "until"), [(TODAY, TODAY - DAY), (TODAY - 731 * DAY, TODAY)])
def test_a_range_that_is_none_is_refused(since, until):
    with pytest.raises(NoRange, match=f"From {since} to {until} is not a range of days."):
        statistics.by_job(since, until)
