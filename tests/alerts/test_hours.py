"""Hours by a clock on the wall: tables of moments, also on the days on which the clocks change."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jobs.alerts.hours import BadDays, BadHours, Hours

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text):
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("hours", "days", "moment", "holds"),
    [
        ("22:00-06:00", "mon-sun", "2026-01-14 21:00", True),  # 22:00 in Berlin
        ("22:00-06:00", "mon-sun", "2026-01-14 20:59", False),
        ("22:00-06:00", "mon-sun", "2026-01-15 04:59", True),
        ("22:00-06:00", "mon-sun", "2026-01-15 05:00", False),  # the end is no part of it
        ("22:00-06:00", "mon-sun", "2026-07-14 20:00", True),  # in summer it is 22:00 an hour earlier
        ("08:00-18:00", "mon-fri", "2026-01-16 09:00", True),  # a Friday
        ("08:00-18:00", "mon-fri", "2026-01-17 09:00", False),
        ("22:00-06:00", "fri", "2026-01-17 03:00", True),  # Friday's night goes on to Saturday morning
        ("22:00-06:00", "fri", "2026-01-16 03:00", False),
        ("00:00-24:00", "sat,sun", "2026-01-18 22:59", True),
        ("00:00-24:00", "sat,sun", "2026-01-18 23:00", False),  # Monday in Berlin
        ("00:00-24:00", "sat-mon", "2026-01-19 09:00", True),
        ("02:00-03:00", "mon-sun", "2026-03-29 01:00", False),  # there is no such hour: 01:59 is followed by 03:00
        ("02:00-03:00", "mon-sun", "2026-10-25 00:30", True),  # there it is twice
        ("02:00-03:00", "mon-sun", "2026-10-25 01:30", True),
    ],
)
def test_hours_hold_by_the_clock_on_the_wall(hours, days, moment, holds):
    assert Hours.of(hours, BERLIN, days).hold(utc(moment)) is holds


@pytest.mark.parametrize(
    ("hours", "days", "moment", "end"),
    [
        ("22:00-06:00", "mon-sun", "2026-01-14 22:00", "2026-01-15 05:00"),
        ("22:00-06:00", "mon-sun", "2026-01-15 04:00", "2026-01-15 05:00"),
        ("22:00-06:00", "mon-sun", "2026-03-28 22:00", "2026-03-29 04:00"),  # the night of 23 hours
        ("22:00-06:00", "mon-sun", "2026-10-24 22:00", "2026-10-25 05:00"),  # and that of 25
        ("22:00-02:30", "mon-sun", "2026-03-28 22:00", "2026-03-29 01:30"),  # 02:30 is left out: as if it came
        ("00:00-24:00", "sat,sun", "2026-01-17 09:00", "2026-01-18 23:00"),  # two days that touch
    ],
)
def test_hours_end_when_the_clock_on_the_wall_says_so(hours, days, moment, end):
    assert Hours.of(hours, BERLIN, days).end_after(utc(moment)) == utc(end)


@given(
    start=st.integers(0, 24 * 60 - 1),
    end=st.integers(1, 24 * 60),
    moment=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),
)
def test_hours_that_hold_end_later_and_hold_no_longer_then(start, end, moment):
    hours = Hours(start, end, BERLIN, frozenset(range(6)))
    if start != end and hours.hold(moment):
        over = hours.end_after(moment)
        assert over > moment
        assert not hours.hold(over)


@pytest.mark.parametrize("text", ["", "22-6", "25:00-06:00", "22:00-22:00", "06:61-07:00", "22:00-24:30", None, 22])
def test_what_are_no_hours_is_refused(text):
    with pytest.raises(BadHours, match="Write them like '22:00-06:00'"):
        Hours.of(text, BERLIN)


@pytest.mark.parametrize("text", ["", "monday", "mon-foo", None])
def test_what_are_no_days_is_refused(text):
    with pytest.raises(BadDays, match="Write them like 'mon-fri'"):
        Hours.of("00:00-24:00", BERLIN, text)
