"""An interval is an NCRONTAB expression where it divides a minute, an hour or a day."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from jobs.scaffold.found import Untranslatable
from jobs.scaffold.schedulers.intervals import every
from jobs.schedule.ncrontab import Expression

BEGIN = datetime(2027, 3, 1)
DAYS = timedelta(days=2)


@pytest.mark.parametrize("seconds", [1, 15, 30, 60, 300, 1200, 3600, 6 * 3600, 12 * 3600, 86400])
def test_the_expression_is_due_at_that_interval_and_no_other(seconds):
    text, notes = every(timedelta(seconds=seconds))
    due = list(Expression(text).between(BEGIN, BEGIN + DAYS))
    assert {(later - one).total_seconds() for one, later in pairwise(due)} == {seconds}
    assert bool(notes) == (seconds not in {1, 60, 3600}), "where it begins is said"


@pytest.mark.parametrize(
    ("interval", "reason"),
    [
        (timedelta(minutes=7), "Every 7 minutes can't be written in NCRONTAB: 7 doesn't divide 60."),
        (timedelta(hours=5), "Every 5 hours can't be written in NCRONTAB: 5 doesn't divide 24."),
        (timedelta(minutes=90), "Every 1:30:00 can't be written in NCRONTAB, which has fixed times."),
        (timedelta(days=7), "Every 7 days, 0:00:00 can't be written in NCRONTAB"),
        (timedelta(seconds=0.5), "Every 0:00:00.500000 can't be written"),
        (timedelta(0), "Every 0:00:00 can't be written"),
    ],
)
def test_another_interval_is_refused(interval, reason):
    with pytest.raises(Untranslatable) as error:
        every(interval)
    assert str(error.value).startswith(reason)
