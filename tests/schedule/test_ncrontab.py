import json
from datetime import datetime, timedelta
from pathlib import Path
from time import perf_counter, thread_time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.schedule import ncrontab
from jobs.schedule.ncrontab import Expression, InvalidExpression

FACTS = json.loads((Path(__file__).parents[1] / "conformance" / "ncrontab.json").read_text())
DST_FACTS = json.loads((Path(__file__).parents[1] / "conformance" / "ncrontab_dst.json").read_text())
SECOND = timedelta(seconds=1)
BOUNDS = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 6)]

moments = st.datetimes(datetime(1990, 1, 1), datetime(2060, 1, 1))


@st.composite
def fields(draw, low, high, part=None):
    """The text of a field, and the values it means: read independently of the parser."""
    values, texts = set(), []
    for _ in range(draw(st.integers(1, 3))):
        first, last = draw(st.integers(low, high)), draw(st.integers(low, high))
        step = draw(st.integers(1, 20))
        start, end = min(first, last), max(first, last)
        text, meant = draw(
            st.sampled_from(
                [
                    ("*", range(low, high + 1)),
                    (f"*/{step}", range(low, high + 1, step)),
                    (f"{first}", [first]),
                    (f"{first}/{step}", range(first, high + 1, step)),
                    (f"{first}-{last}", range(start, end + 1)),
                    (f"{first}-{last}/{step}", range(start, end + 1, step)),
                ]
            )
        )
        values |= set(meant)
        texts.append(text)
    return ",".join(texts), values


@st.composite
def expressions(draw):
    drawn = [draw(fields(*bounds)) for bounds in BOUNDS]
    return " ".join(text for text, _ in drawn), [values for _, values in drawn]


def matches(moment, values):
    now = (moment.second, moment.minute, moment.hour, moment.day, moment.month, moment.isoweekday() % 7)
    return all(one in some for one, some in zip(now, values, strict=True))


# Facts of NCrontab and of the host


@pytest.mark.parametrize("fact", FACTS["next"], ids=lambda fact: f"{fact['expression']} after {fact['after']}")
def test_the_next_time_is_the_one_that_ncrontab_finds(fact):
    after = datetime.fromisoformat(fact["after"])
    assert Expression(fact["expression"]).next(after) == datetime.fromisoformat(fact["next"])


@pytest.mark.parametrize("text", FACTS["refused"])
def test_what_the_host_refuses_is_refused(text):
    with pytest.raises(InvalidExpression):
        Expression(text)


@pytest.mark.parametrize(("text", "after", "following"), FACTS["both_days"])
def test_day_of_month_and_day_of_week_must_both_match(text, after, following):
    assert Expression(text).next(datetime.fromisoformat(after)) == datetime.fromisoformat(following)


@pytest.mark.parametrize("text", FACTS["never"])
def test_a_day_that_never_comes_is_accepted_and_never_fires(text):
    expression = Expression(text)
    assert expression.never_fires
    assert expression.next(datetime(2026, 1, 1)) is None
    assert expression.previous(datetime(2026, 1, 1)) is None
    assert list(expression.between(datetime(2026, 1, 1), datetime(9999, 1, 1))) == []
    assert expression.count(datetime(2026, 1, 1), datetime(9999, 1, 1)) == 0


@pytest.mark.parametrize(("text", "interval"), DST_FACTS["interval"].items())
def test_an_interval_is_what_the_host_takes_for_one(text, interval):
    assert Expression(text).is_interval is interval


@pytest.mark.parametrize(
    ("text", "interval"), [("0 0 1,2 * * *", True), ("0 0 1,3 * * *", False), ("0 */5 3 * * *", False)]
)
def test_whether_it_is_an_interval_depends_on_how_ncrontab_would_spell_it(text, interval):
    assert Expression(text).is_interval is interval


# How it reads


def test_the_values_of_each_field_can_be_read():
    expression = Expression("30 */20 9-11 1,15 Jun-AUG M")
    assert expression.seconds == (30,)
    assert expression.minutes == (0, 20, 40)
    assert expression.hours == (9, 10, 11)
    assert expression.days == (1, 15)
    assert expression.months == (6, 7, 8)
    assert expression.weekdays == (1,)


@pytest.mark.parametrize(
    ("text", "normalised"),
    [
        ("0 3 * * *", "0 0 3 * * *"),
        ("  0   0 3 * * *  ", "0 0 3 * * *"),
        ("0 0,1,2,5 0-23 * JAN MON-fri", "0 0-2,5 * * 1 1-5"),
        ("0 0/5 * * * *", "0 */5 * * * *"),
        ("0 5/15 * * * *", "0 5/15 * * * *"),
        ("0 0 22-2 * * FRI-MON", "0 0 2-22 * * 1-5"),
        ("0 */-5 08 * * *", "0 * 8 * * *"),
    ],
)
def test_an_expression_is_spelt_one_way_only(text, normalised):
    assert Expression(text).text == normalised


def test_expressions_that_mean_the_same_are_equal():
    assert Expression("0 3 * * 1-5") == Expression("0 0 3 * * MON-FRI") != Expression("0 3 * * *")
    assert len({Expression("0 3 * * 1-5"), Expression("0 0 3 * * MON-FRI")}) == 1
    assert repr(Expression("0 3 * * *")) == "Expression('0 0 3 * * *')"


def test_a_schedule_with_two_seconds_is_sub_minute():
    assert Expression("0,30 * * * * *").is_sub_minute
    assert not Expression("30 * * * * *").is_sub_minute


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("0 0 0 * * 7", "The day of week '7' is outside 0 to 6. For Sunday write 0."),
        ("0 0 0 * * 7/2", "The day of week '7/2' is outside 0 to 6. For Sunday write 0."),
        ("0 0 0 * * 5-7", "The day of week '5-7' is outside 0 to 6. Sunday is 0: write 0,5-6."),
        ("0 0 0 * * MON-7", "The day of week 'MON-7' is outside 0 to 6. Sunday is 0: write *."),
        ("0 0 0 * * 1-7/2", "The day of week '1-7/2' is outside 0 to 6. Sunday is 0: write 0-1,3,5."),
        ("0 0 0 * * 8-7", "The day of week '8-7' is outside 0 to 6. Write a number from 0 to 6."),
        ("0 0 24 * * *", "The hour '24' is outside 0 to 23. Write 0."),
        ("0 0 22-24 * * *", "The hour '22-24' is outside 0 to 23. Write 0,22-23."),
        ("0 0-60 * * * *", "The minute '0-60' is outside 0 to 59. Write *."),
        ("0 0 0 0 * *", "The day of month '0' is outside 1 to 31. Write a number from 1 to 31."),
        (
            "0 0 3 * Janvier *",
            "The month 'Janvier' can't be read. Write a number from 1 to 12 or a name from January to December.",
        ),
        ("0 0 3 * * MON#2", "The day of week 'MON#2' can't be read. NCRONTAB has no '#'. Both days must match, so the "
         "second Monday is '8-14 * MON'."),
        ("0 0 3 ? * MON", "The day of month '?' can't be read. NCRONTAB has no '?'. Write * for any day."),
        ("0 */x * * * *", "The minute '*/x' has no whole number after its '/'. Write a step like */5."),
        ("0 0\t3 * * * *", "The minute '0\\t3' can't be read. Put spaces between the fields, not tabs."),
        ("@daily", "The expression '@daily' is a shorthand NCRONTAB doesn't know. Write '0 0 0 * * *'."),
        (
            "24:00:00",
            "The expression '24:00:00' is a TimeSpan: the host would wait 24 days after each run, from whenever it "
            "started. Write the time of day, like '0 0 3 * * *' for 03:00, or an interval, like '0 */5 * * * *'.",
        ),
        (
            "5",
            "The expression '5' is a TimeSpan: the host would wait 5 days after each run, from whenever it "
            "started. Write the time of day, like '0 0 3 * * *' for 03:00, or an interval, like '0 */5 * * * *'.",
        ),
        (
            "* * * *",
            "The expression '* * * *' has 4 fields, not five or six separated by spaces. Write second, minute, hour, "
            "day of month, month and day of week, like '0 0 3 * * *'.",
        ),
    ],
)  # fmt: skip
def test_a_refusal_says_what_was_found_and_how_to_fix_it(text, sentence):
    with pytest.raises(InvalidExpression) as refused:
        Expression(text)
    assert str(refused.value) == sentence
    assert sentence.endswith(refused.value.fix)


def test_a_refusal_names_the_field_and_the_value():
    with pytest.raises(InvalidExpression) as refused:
        Expression("0 0 3 * * MON,7")
    assert (refused.value.field, refused.value.value) == ("day of week", "7")


@pytest.mark.parametrize(
    "part", ["", "-5", "5-", "1-2-3", "1/2/3", "/5", "5,", ",5", "**", "*-5", "1.5", "٣", "1_0", "+5"]
)
def test_a_broken_part_is_refused(part):
    with pytest.raises(InvalidExpression):
        Expression(f"0 {part or ','} * * * *")


@pytest.mark.parametrize(
    ("text", "kind", "message"),
    [
        ("0 0 22-2 * * *", "swapped", "The hour '22-2' is read as 2-22: reversed ranges are swapped and don't wrap "
         "around. Write 0-2,22-23 to wrap around, or 2-22."),
        ("0 0 3 * * FRI-MON", "swapped", "The day of week 'FRI-MON' is read as 1-5: reversed ranges are swapped "
         "and don't wrap around. Write 0-1,5-6 to wrap around, or 1-5."),
        ("0 */0 * * * *", "no_step", "The minute '*/0' is read with a step of 1, not 0. Write the intended step."),
        ("0 */90 * * * *", "long_step", "The minute '*/90' matches 0 alone: a step of 90 is larger than the field, and "
         "the next round starts at 0 again. Write 0, or the values that you want."),
        ("0 */25 * * * *", "uneven", "The minute '*/25' matches 0, 25, 50, and 0 again 10 minutes later: the step "
         "starts over each time. Write 0,25,50, or a step that divides 60."),
        ("0 0 */5 * * *", "uneven", "The hour '*/5' matches 0, 5, 10, 15, 20, and 0 again 4 hours later: the step "
         "starts over each time. Write 0,5,10,15,20, or a step that divides 24."),
        ("0 0 3 1 * MON", "both_days", "Day of month '1' and day of week '1' must both match; in classic cron either "
         "is enough. Write * for one of them, or declare two jobs."),
        ("0 0 3 30 2 *", "never", "'0 0 3 30 2 *' never fires: there is no such day. Write a day of that month."),
    ],
)  # fmt: skip
def test_what_people_mean_otherwise_is_a_surprise(text, kind, message):
    assert Expression(text).surprises == ((kind, message),)


@pytest.mark.parametrize(
    "text",
    [
        "0 0 3 * * MON-FRI",
        "0 0 3 8-14 * MON",
        "0 0 3 29 2 *",
        "0 */5 9-17 * * *",
        "0 0,25,50 * * * *",
        "59 59/1 * * * *",
    ],
)
def test_what_is_read_as_it_is_meant_is_no_surprise(text):
    assert Expression(text).surprises == ()


# When it fires


def test_inputs_may_have_microseconds_and_whole_seconds_come_out():
    every_second = Expression("* * * * * *")
    assert every_second.next(datetime(2026, 1, 1, 0, 0, 0, 1)) == datetime(2026, 1, 1, 0, 0, 1)
    assert every_second.previous(datetime(2026, 1, 1, 0, 0, 0, 1)) == datetime(2026, 1, 1)
    assert every_second.previous(datetime(2026, 1, 1, 0, 0, 59, 1)) == datetime(2026, 1, 1, 0, 0, 59)


def test_the_calendar_ends_in_the_year_9999_and_begins_in_the_year_1():
    daily = Expression("0 3 * * *")
    assert daily.next(datetime(9999, 12, 31, 3)) is None
    assert daily.next(datetime(9999, 12, 31, 2, 59, 59)) == datetime(9999, 12, 31, 3)
    assert daily.previous(datetime(1, 1, 1)) is None
    assert daily.count(datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, 59)) == 3_652_059


def test_a_leap_day_on_a_monday_can_be_forty_years_away():
    expression = Expression("0 0 0 29 2 MON")
    assert expression.next(datetime(2072, 2, 29)) == datetime(2112, 2, 29)
    assert expression.previous(datetime(2112, 2, 29)) == datetime(2072, 2, 29)


def test_occurrences_of_a_year_of_seconds_are_counted_without_being_walked():
    started = perf_counter()
    assert Expression("* * * * * *").count(datetime(2025, 12, 31), datetime(2026, 12, 31)) == 365 * 86_400
    assert perf_counter() - started < 0.05


def least_cpu(work):
    """What one call takes of this thread's CPU with nothing kept from an earlier one: the least of some, in seconds."""
    found = []
    for _ in range(7):
        for kept in (*ncrontab.READERS, ncrontab._within_the_hour, ncrontab._days_of_weekdays):
            kept.cache_clear()
        started = thread_time()
        work()
        found.append(thread_time() - started)
    return min(found)


FORTY_YEARS = datetime(2072, 2, 29, 23, 59, 59)
WORST = [
    ("0 0 0 29 2 MON", FORTY_YEARS),
    ("0 0 0 29 2,4 1-6", FORTY_YEARS),
    ("59 59 23 31 12 SUN", datetime(2000, 12, 31, 23, 59, 59)),
    ("* * * * * *", datetime(2026, 12, 31, 23, 59, 59)),
    ("0 0 0 30 2 *", FORTY_YEARS),
    ("0 0 0 29 2 MON", datetime(9970, 3, 1)),
]


# In seconds: three times what an idle core is held to, since one that is shared computes more slowly.
NO_TIME = 0.003


@pytest.mark.parametrize(("text", "after"), WORST)
def test_the_next_takes_no_time_also_where_nothing_is_kept(text, after):
    expression = Expression(text)
    assert least_cpu(lambda: expression.next(after)) < NO_TIME
    assert least_cpu(lambda: expression.previous(after)) < NO_TIME


# Each value of each field written by itself, as a range.
LONGEST = " ".join(",".join(f"{value}-{value}" for value in range(kind.low, kind.high + 1)) for kind in ncrontab.KINDS)


@pytest.mark.parametrize("text", [text for text, _ in WORST] + [LONGEST])
def test_parsing_takes_no_time_also_where_nothing_is_kept(text):
    """A text that names its values again and again is bounded by its length alone: about 1 µs a part."""
    assert least_cpu(lambda: Expression(text)) < NO_TIME


@given(expressions(), moments)
def test_the_next_time_is_later_and_matches(drawn, moment):
    text, values = drawn
    following = Expression(text).next(moment)
    assert following is None or (following > moment and matches(following, values))


@given(expressions(), moments)
def test_the_time_before_the_next_is_not_after_this_moment(drawn, moment):
    expression = Expression(drawn[0])
    following = expression.next(moment)
    if following:
        last = expression.previous(following)
        assert last is None or last <= moment
        assert last is None or expression.next(last) == following


@given(expressions(), moments, st.integers(0, 3600))
@settings(max_examples=50)
def test_a_walk_by_the_second_finds_the_same_times(drawn, start, seconds):
    text, values = drawn
    # Dates that match would be rare: take those of the walk.
    days = [range(1, 32), range(1, 13), range(7)]
    text, values = " ".join([*text.split()[:3], "* * *"]), [*values[:3], *days]
    start = start.replace(microsecond=0)
    walk = [moment for n in range(1, seconds + 1) if matches(moment := start + n * SECOND, values)]
    expression, end = Expression(text), start + seconds * SECOND
    assert list(expression.between(start, end)) == walk
    assert expression.count(start, end) == len(walk)
    if walk:
        assert expression.next(start) == walk[0]
        assert expression.previous(end + SECOND) == walk[-1]


@given(expressions(), moments)
@settings(max_examples=50)
def test_a_walk_by_the_day_finds_the_same_days(drawn, start):
    text, values = drawn
    text, values = " ".join(["0 0 0", *text.split()[3:]]), [{0}, {0}, {0}, *values[3:]]
    start = start.replace(hour=0, minute=0, second=0, microsecond=0)
    walk = [day for n in range(1, 800) if matches(day := start + n * timedelta(days=1), values)]
    expression, end = Expression(text), start + timedelta(days=799)
    assert list(expression.between(start, end)) == walk
    assert expression.count(start, end) == len(walk)
    found, day = [], expression.previous(end + SECOND)
    while day and day > start:
        found.append(day)
        day = expression.previous(day)
    assert found[::-1] == walk


@given(expressions())
def test_the_normalised_text_reads_the_same(drawn):
    expression = Expression(drawn[0])
    assert Expression(expression.text) == expression
    assert [set(field.values) for field in expression.fields] == drawn[1]
