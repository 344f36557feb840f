"""What the doctor says of the days that are counted."""

from datetime import timedelta

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder

from jobs.declarations.keep import Keep
from jobs.ledger import states
from jobs.models import JobDay
from tests.helpers.days import count_ends
from tests.helpers.doctor import all_is_well, says  # noqa: F401 — a fixture
from tests.helpers.rows import a_run

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_well")]
DAY = timedelta(days=1)


@pytest.fixture
def yesterday():
    """The latest whole day, on which two runs ended. The migration was applied long before."""
    now = states.clock()
    MigrationRecorder(connection).migration_qs.filter(app="nightshift").update(applied=now - 9 * DAY)
    a_run("nightly", finished_at=now - DAY)
    a_run("hourly", finished_at=now - DAY)
    count_ends()
    return now.date() - DAY


def test_a_day_that_is_counted_right(yesterday):
    assert says("statistics") == (True, f"{yesterday} is counted as the ledger holds it")


def test_a_count_that_is_wrong(yesterday):
    JobDay.objects.filter(job="nightly").update(succeeded=3)
    JobDay.objects.filter(job="hourly").update(day=yesterday - DAY)
    assert says("statistics") == (
        False,
        f"JobDay of hourly on {yesterday} (manual) counts succeeded = 0, and the ledger holds 1. And 1 more row. "
        "If somebody deleted runs of that day, JobDay is right; else please report it.",
    )


def test_runs_that_are_kept_for_less_than_that_day_are_not_compared(yesterday, declared):
    declared("daily", command="succeeds", keep=Keep(days=1))
    JobDay.objects.filter(job="nightly").update(job="daily")
    JobDay.objects.create(job="nightly", day=yesterday, trigger="manual", succeeded=1)
    assert "JobDay of nightly on" in says("statistics")[1]
    assert "more row" not in says("statistics")[1]


def test_a_day_of_the_migration_itself():
    first = states.clock().date() + 2 * DAY
    assert says("statistics") == (
        True,
        f"not compared before {first}: a whole day must pass after the migration that counts them",
    )
