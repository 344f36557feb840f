"""A crontab's five fields as NCRONTAB: due at the same moments, by another library's reading of Debian's cron."""

from datetime import datetime, timedelta
from heapq import merge
from itertools import islice, takewhile

import pytest
from cronsim import CronSim, CronSimError
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.scaffold.crontabs.expressions import KINDS, translated
from jobs.scaffold.found import Untranslatable
from jobs.schedule.ncrontab import Expression

BEGIN = datetime(2027, 1, 1)
TWO_YEARS = timedelta(days=731)
MOST = 3000


@st.composite
def parts(draw, kind):
    """A part of a field as people write it: a value, a name, a range, a step over a range."""
    low, high = sorted((draw(st.integers(kind.low, kind.high)), draw(st.integers(kind.low, kind.high))))
    names = dict(enumerate(kind.names, kind.low))
    first = names.get(low, str(low)) if draw(st.booleans()) else str(low)
    shape = draw(st.sampled_from(["value", "value", "range", "step"]))
    # cronsim takes Sunday to Sunday for the whole week.
    if shape == "value" or low == high or (kind.names and low % 7 == high % 7):
        return first
    return f"{low}-{high}" + (f"/{draw(st.integers(1, 12))}" if shape == "step" else "")


def fields(kind):
    stars = st.one_of(st.just("*"), st.builds("*/{}".format, st.integers(1, 12)))
    return st.one_of(stars, st.lists(parts(kind), min_size=1, max_size=3).map(",".join))


CRONTABS = st.tuples(*map(fields, KINDS)).map(" ".join)
# A time of day in a year's days: two years of it are soon compared.
ONCE_A_DAY = st.tuples(st.just("7 5"), *map(fields, KINDS[2:])).map(" ".join)


def due(expressions):
    until = BEGIN + TWO_YEARS
    return list(islice(merge(*(Expression(text).between(BEGIN, until) for text in expressions)), MOST))


def due_in_cron(text):
    return list(islice(takewhile(lambda moment: moment <= BEGIN + TWO_YEARS, CronSim(text, BEGIN)), MOST))


@given(st.one_of(CRONTABS, ONCE_A_DAY))
@settings(max_examples=150)
def test_the_translation_is_due_when_cron_is(text):
    try:
        expected = due_in_cron(text)
    except CronSimError:
        with pytest.raises(Untranslatable, match="never comes"):  # 31 February
            translated(text)
        return
    assert due(translated(text)) == expected, "also once where both days match"


@pytest.mark.parametrize(
    ("text", "expressions"),
    [
        ("0 3 * * *", ["0 0 3 * * *"]),
        ("*/5 8-18 * * 1-5", ["0 */5 8-18 * * 1-5"]),
        ("0 3 * * 7", ["0 0 3 * * 0"]),
        ("0 22 * * fri-sat,7", ["0 0 22 * * 0,5-6"]),
        ("0 3 13 * fri", ["0 0 3 13 * *", "0 0 3 1-12,14-31 * fri"]),
        ("0 3 */2 * 1", ["0 0 3 */2 * 1"]),
        ("0 3 1-31 * 1", ["0 0 3 1-31 * *"]),
        ("0 3 31 2 mon", ["0 0 3 1-30 2 mon"]),
        ("@weekly", ["0 0 0 * * 0"]),
        ("@MIDNIGHT", ["0 0 0 * * *"]),
    ],
)
def test_what_can_stay_stays_as_it_is_written(text, expressions):
    assert list(translated(text)) == expressions


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("@reboot", "There is no boot here. Run the command when a release is deployed, or by hand."),
        ("@every_5_minutes", "cron knows no @every_5_minutes. Write five fields."),
        ("* * * *", "A crontab's schedule has five fields, and '* * * *' has 4."),
        ("60 * * * *", "cron can't read '60' as the minute. Correct the field."),
        ("0 22-2 * * *", "cron can't read '22-2' as the hour. Correct the field."),
        ("0 3 L * *", "cron can't read 'L' as the day of month. Correct the field."),
        ("0 3 * * mondays", "cron can't read 'mondays' as the day of week. Correct the field."),
        ("0~59 3 * * *", "cron can't read '0~59' as the minute. Correct the field."),
        ("5/15 * * * *", "cron can't read '5/15' as the minute. Correct the field."),
        ("*/0 * * * *", "cron can't read '*/0' as the minute. Correct the field."),
        ("0 3 30,31 2 *", "'0 3 30,31 2 *' never comes: no such month has such a day. Correct the days."),
    ],
)
def test_what_cron_itself_refuses_is_refused(text, reason):
    with pytest.raises(Untranslatable) as error:
        translated(text)
    assert str(error.value) == reason
