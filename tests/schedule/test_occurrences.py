import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import perf_counter
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs.schedule.ncrontab import Expression
from jobs.schedule.occurrences import Note, Schedule
from jobs.schedule.zones import UnknownZone, zone_names
from tests.helpers.thorough import examples

FACTS = json.loads((Path(__file__).parents[1] / "conformance" / "ncrontab_dst.json").read_text())
SECOND, MINUTE, HOUR, DAY = (timedelta(**{unit: 1}) for unit in ("seconds", "minutes", "hours", "days"))

# Days on which a clock changes, or a day is lost.
CHANGES = [
    ("America/Los_Angeles", "2018-03-11"),
    ("America/Los_Angeles", "2018-11-04"),
    ("Europe/Berlin", "2026-03-29"),
    ("Europe/Berlin", "2026-10-25"),
    ("Australia/Lord_Howe", "2026-04-05"),  # by half an hour
    ("Australia/Lord_Howe", "2026-10-04"),
    ("Antarctica/Troll", "2026-03-29"),  # by two hours
    ("Antarctica/Troll", "2026-10-25"),
    ("Pacific/Apia", "2011-12-30"),  # the day that never was
    ("Pacific/Kwajalein", "1993-08-21"),
    ("Africa/Casablanca", "2026-02-15"),  # Ramadan
    ("Africa/Casablanca", "2026-03-22"),
    ("America/Havana", "2026-03-08"),  # at midnight
    ("America/Havana", "2026-11-01"),
    ("America/Boa_Vista", "2000-10-15"),
    ("Africa/Sao_Tome", "2019-01-01"),  # at the new year
    ("Asia/Gaza", "2040-10-20"),
    ("America/Caracas", "2007-12-09"),
    ("Asia/Kathmandu", "2026-06-01"),  # no change, three quarters of an hour
    ("UTC", "2026-03-29"),
]


def at(text):
    return datetime.fromisoformat(text)


def local(schedule, moment):
    return moment.astimezone(schedule.zone).replace(tzinfo=None)


@st.composite
def fields(draw, low, high):
    first, last, step = draw(st.integers(low, high)), draw(st.integers(low, high)), draw(st.integers(1, 20))
    texts = [("*", f"*/{step}"), (f"{first}", f"{first},{last}"), (f"{first}-{last}", f"{first}/{step}")]
    return draw(st.sampled_from([text for pair in texts for text in pair]))


@st.composite
def schedules_around_changes(draw):
    """A schedule of whole minutes, and three days around a change of its clock."""
    zone, day = draw(st.sampled_from(CHANGES))
    times = f"0 {draw(fields(0, 59))} {draw(fields(0, 23))}"
    days = draw(st.sampled_from(["* * *", "* * *", "* * 1-5", "* * FRI,SUN", "28-31 * *", "1 * *", "30 12 *"]))
    middle = at(f"{day}T00:00:00+00:00")
    return Schedule(f"{times} {days}", zone), middle - 36 * HOUR, middle + 36 * HOUR


def walk(schedule, after, until):
    """What is due, by a walk over every minute that a local clock could show, and Python's own reading of folds."""
    expression = schedule.expression
    fields = [set(field.values) for field in expression.fields[1:]]
    due, minute = set(), local(schedule, after).replace(second=0) - 2 * DAY
    while minute < local(schedule, until) + 2 * DAY:
        shown = (minute.minute, minute.hour, minute.day, minute.month, minute.isoweekday() % 7)
        if all(value in field for value, field in zip(shown, fields, strict=True)):
            first, second = (minute.replace(tzinfo=schedule.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
            due.add(first)
            # Of a time that doesn't exist, PEP 495 has the fold 1 lie before the fold 0.
            if first < second and expression.is_interval:
                due.add(second)
        minute += MINUTE
    return sorted(moment for moment in due if after < moment <= until)


# The host's rules


@pytest.mark.parametrize("case", FACTS["cases"], ids=lambda case: f"{case['expression']} after {case['after']}")
def test_occurrences_around_a_change_are_those_of_the_host(case):
    schedule, moment = Schedule(case["expression"], FACTS["zone"]), at(case["after"])
    facts = [at(text) for text in case["next"]]
    assert list(schedule.between(moment, facts[-1])) == facts
    for fact in facts:
        moment = schedule.next(moment)
        assert moment == fact
    moment += SECOND
    for fact in reversed(facts):
        moment = schedule.previous(moment)
        assert moment == fact


def test_a_time_that_does_not_exist_runs_at_the_shifted_time():
    schedule = Schedule("0 30 2 * * *", "Europe/Berlin")
    assert schedule.next(at("2026-03-29T00:00:00+01:00")) == at("2026-03-29T03:30:00+02:00")
    assert schedule.next(at("2026-03-29T03:30:00+02:00")) == at("2026-03-30T02:30:00+02:00")


def test_all_times_in_the_gap_run_shifted_and_none_twice():
    schedule = Schedule("0 */30 2-3 * * *", "Europe/Berlin")
    due = schedule.between(at("2026-03-29T00:00:00+01:00"), at("2026-03-30T00:00:00+02:00"))
    assert [f"{local(schedule, moment):%H:%M}" for moment in due] == ["03:00", "03:30"]
    schedule = Schedule("0 10,50 2 * * *", "Europe/Berlin")
    due = schedule.between(at("2026-03-29T00:00:00+01:00"), at("2026-03-30T00:00:00+02:00"))
    assert [f"{local(schedule, moment):%H:%M}" for moment in due] == ["03:10", "03:50"]


def test_a_point_in_time_runs_the_first_of_two_times_only():
    schedule = Schedule("0 30 2 * * *", "Europe/Berlin")
    assert schedule.next(at("2026-10-25T00:00:00+02:00")) == at("2026-10-25T02:30:00+02:00")
    assert schedule.next(at("2026-10-25T02:30:00+02:00")) == at("2026-10-26T02:30:00+01:00")
    assert schedule.previous(at("2026-10-25T02:45:00+01:00")) == at("2026-10-25T02:30:00+02:00")


def test_the_day_that_apia_lost_runs_a_day_later():
    schedule = Schedule("0 0 9 * * FRI", "Pacific/Apia")
    assert schedule.next(at("2011-12-29T12:00:00-10:00")) == at("2011-12-31T09:00:00+14:00")
    daily = Schedule("0 0 9 * * *", "Pacific/Apia")
    assert daily.count(at("2011-12-28T12:00:00-10:00"), at("2011-12-31T12:00:00+14:00")) == 2


def test_half_an_hour_is_doubled_on_lord_howe():
    schedule = Schedule("0 */10 * * * *", "Australia/Lord_Howe")
    assert schedule.count(at("2026-04-05T00:00:00+11:00"), at("2026-04-05T03:00:00+10:30")) == 21


# Moments in, moments out


def test_moments_go_in_with_any_zone_and_come_out_in_utc():
    schedule = Schedule("0 0 3 * * *", ZoneInfo("Europe/Berlin"))
    following = schedule.next(at("2026-06-01T09:00:00+09:00"))
    assert following == at("2026-06-01T01:00:00+00:00")
    assert following.tzinfo is UTC
    assert next(schedule.between(at("2026-06-01T00:00:00+00:00"), at("2026-06-02T00:00:00+00:00"))).tzinfo is UTC


def test_a_naive_moment_is_refused():
    with pytest.raises(ValueError, match="has no time zone"):
        Schedule("0 0 3 * * *").next(datetime(2026, 1, 1))


def test_until_belongs_to_a_range_and_after_does_not():
    schedule, first, last = Schedule("0 0 * * * *"), at("2026-01-01T00:00:00+00:00"), at("2026-01-01T02:00:00+00:00")
    assert list(schedule.between(first, last)) == [first + HOUR, last]
    assert schedule.count(first, last) == 2
    assert list(schedule.between(last, first)) == []
    assert schedule.count(last, first) == 0


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin"])
def test_a_schedule_that_never_fires_has_no_occurrence(zone):
    schedule, now = Schedule("0 0 0 30 2 *", zone), at("2026-01-01T00:00:00+00:00")
    assert schedule.next(now) is None
    assert schedule.previous(now) is None
    assert schedule.period(now) is None
    assert schedule.timer_expression == "0 0 0 30 2 *"


def test_a_leap_day_on_a_monday_is_found_at_once_in_any_zone():
    schedule = Schedule("0 0 3 29 2 MON", "Asia/Gaza")
    started = perf_counter()
    assert schedule.next(at("2044-03-01T00:00:00+00:00")) == at("2072-02-29T03:00:00+02:00")
    assert schedule.previous(at("2072-02-01T00:00:00+00:00")) == at("2044-02-29T03:00:00+02:00")
    assert perf_counter() - started < 0.1


@pytest.mark.parametrize(
    ("moment", "hours"),
    [("2026-06-01T10:30", 1), ("2026-06-01T10:00", 1), ("2026-06-01T17:00", 16), ("2026-06-01T03:00", 16)],
)
def test_the_period_is_the_gap_that_a_moment_lies_in(moment, hours):
    assert Schedule("0 0 9-17 * * *").period(at(f"{moment}:00+00:00")) == hours * HOUR


def test_the_fingerprint_changes_with_the_expression_and_the_zone_and_not_with_the_spelling():
    assert Schedule("0 3 * * MON", "Europe/Berlin").fingerprint == "0 0 3 * * 1 Europe/Berlin"
    assert Schedule("0 3 * * MON") == Schedule(Expression("0 0 3 * * 1"), "UTC") != Schedule("0 3 * * MON", "Etc/GMT")


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("Europe/Berln", "Did you mean 'Europe/Berlin'?"),
        ("europe/berlin ", "Did you mean 'Europe/Berlin'?"),
        ("Mars/Olympus_Mons", "Write an IANA name like 'Europe/Berlin'."),
        ("../etc/passwd", "Write an IANA name like 'Europe/Berlin'."),
        ("", "Write an IANA name like 'Europe/Berlin'."),
    ],
)
def test_an_unknown_zone_is_refused_with_the_nearest_name(name, hint):
    with pytest.raises(UnknownZone) as refused:
        Schedule("0 0 3 * * *", name)
    assert str(refused.value) == f"There is no time zone {name!r}. {hint}"


# The timer, in UTC


@pytest.mark.parametrize(
    ("expression", "zone", "timer"),
    [
        ("0 30 2 * * *", "UTC", "0 30 2 * * *"),
        ("0 30 2 * * *", "Africa/Abidjan", "0 30 2 * * *"),
        ("0 30 2 * * *", "Europe/Berlin", "0 30 0-1 * * *"),
        ("0 0 1 * * MON", "Europe/Berlin", "0 0 0,23 * * 0-1"),
        ("0 0 0 1 * *", "Europe/Berlin", "0 0 22-23 28-31 * *"),
        ("0 0 23 31 12 *", "America/Los_Angeles", "0 0 6-7 1 1 *"),
        ("0 0 * * * *", "Asia/Kolkata", "0 30 * * * *"),
        ("0 */5 * * * *", "Australia/Lord_Howe", "0 */5 * * * *"),
        ("*/10 * * * * *", "Europe/Berlin", "*/10 * * * * *"),
    ],
)
def test_the_timer_covers_every_offset_and_little_more(expression, zone, timer):
    assert Schedule(expression, zone).timer_expression == timer


# What a change of the clock does


def test_a_change_moves_what_does_not_exist():
    notes = list(Schedule("0 30 2 * * *", "Europe/Berlin").dst_notes(2026))
    assert notes == [
        Note("moved", datetime(2026, 3, 29, 2, 30), (at("2026-03-29T01:30:00+00:00"),)),
        Note("dropped", datetime(2026, 10, 25, 2, 30), (at("2026-10-25T00:30:00+00:00"),)),
    ]


def test_a_change_drops_what_meets_another_and_doubles_what_an_interval_repeats():
    notes = list(Schedule("0 30 * * * *", "Europe/Berlin").dst_notes(2026))
    assert notes == [
        Note("dropped", datetime(2026, 3, 29, 2, 30), (at("2026-03-29T01:30:00+00:00"),)),
        Note(
            "doubled", datetime(2026, 10, 25, 2, 30), (at("2026-10-25T00:30:00+00:00"), at("2026-10-25T01:30:00+00:00"))
        ),
    ]


def test_a_change_of_the_clock_leaves_other_times_alone():
    assert list(Schedule("0 0 12 * * *", "Europe/Berlin").dst_notes(2026)) == []
    assert list(Schedule("* * * * * *").dst_notes(2026)) == []


# For any schedule, around any change


@given(schedules_around_changes())
@settings(max_examples=examples(150, quick=40))
def test_a_walk_of_the_local_clock_finds_the_same_occurrences(drawn):
    schedule, after, until = drawn
    due = walk(schedule, after, until)
    assert list(schedule.between(after, until)) == due
    assert schedule.count(after, until) == len(due)


@given(schedules_around_changes(), st.integers(0, 72 * 3600))
@settings(max_examples=150)
def test_next_and_previous_agree_with_the_list(drawn, seconds):
    schedule, after, until = drawn
    moment, due = after + seconds * SECOND, list(schedule.between(after, until))
    later, earlier = [one for one in due if one > moment], [one for one in due if one < moment]
    following, last = schedule.next(moment), schedule.previous(moment)
    if later:
        assert following == later[0]
    else:
        assert following is None or following > until
    if earlier:
        assert last == earlier[-1]
    else:
        assert last is None or last <= after


@given(schedules_around_changes())
@settings(max_examples=100)
def test_every_occurrence_is_a_firing_of_the_timer(drawn):
    schedule, after, until = drawn
    firings = set(Schedule(schedule.timer_expression).between(after, until))
    assert firings.issuperset(schedule.between(after, until))


@given(st.sampled_from(CHANGES), st.integers(0, 59), st.integers(0, 59))
@settings(max_examples=30)
def test_seconds_are_kept_in_every_zone(change, minute, second):
    schedule, day = Schedule(f"{second} {minute} * * * *", change[0]), at(f"{change[1]}T00:00:00+00:00")
    due = list(schedule.between(day - DAY, day + DAY))
    assert due == sorted(set(due))
    assert all(moment.second == second for moment in due)
    assert len(due) == schedule.count(day - DAY, day + DAY) >= 46


def test_a_year_of_seconds_is_counted_without_being_walked():
    schedule, now = Schedule("* * * * * *", "Europe/Berlin"), at("2026-01-01T00:00:00+00:00")
    schedule.count(now, now + 365 * DAY)
    started = perf_counter()
    assert schedule.count(now, now + 365 * DAY) == 365 * 86_400
    assert perf_counter() - started < 0.05


@pytest.mark.parametrize("name", ["local", "localtime", "Localtime", "Factory", "posixrules"])
def test_a_machines_own_zone_is_refused(name):
    with pytest.raises(UnknownZone) as refused:
        Schedule("0 0 3 * * *", name)
    assert str(refused.value) == (
        f"{name!r} means something else on another machine. Write the zone's own name, like 'Europe/Berlin', or 'UTC'."
    )
    assert name not in zone_names()


@pytest.mark.parametrize("folder", ["posix", "right"])
def test_another_reading_of_a_zone_is_refused(folder):
    with pytest.raises(UnknownZone) as refused:
        Schedule("0 0 3 * * *", f"{folder}/Europe/Berlin")
    assert str(refused.value) == (
        f"'{folder}/Europe/Berlin' means something else on another machine. Write 'Europe/Berlin'."
    )


@pytest.mark.parametrize(
    "name", ["", "a\0b", "x" * 300, "../Europe/Berlin", "Europe", "posix/Europe/Berln", "tzdata.zi"]
)
def test_what_is_no_zone_is_an_unknown_one(name):
    with pytest.raises(UnknownZone, match=r"^There is no time zone "):
        Schedule("0 0 3 * * *", name)
