"""Each call of a zone's timer, which fires in UTC for all offsets of the zone, against a walk of the local clock.

PostgreSQL is real, and its clock is moved: it finds a `clock_timestamp()` of the test's before its own.
"""

from datetime import UTC, timedelta
from itertools import islice

import pytest
from django.db import connection, transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from jobs import declare
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.execution import timer_calls
from jobs.execution.timer_calls import Call
from jobs.execution.worker import this_worker
from jobs.ledger.eras import Era
from jobs.ledger.plan import decide
from jobs.models import Event, Gap, JobState, Run
from jobs.schedule.occurrences import Schedule
from jobs.schedule.zones import zone_names
from tests.helpers.rows import first_seen_at
from tests.helpers.thorough import examples
from tests.invariants.test_model import moved_clock
from tests.schedule.test_occurrences import CHANGES, at, fields, local

SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)
# How late the host calls, by the database's clock.
LATE = timedelta(milliseconds=40)
MOST_CALLS = 150


# Of these every timer covers the offsets.
YEARS = range(1974, 2037)
KNOWN = st.sampled_from(CHANGES)


def change_of(zone, day):
    """The moment at which the zone's clock changes nearest to this day; noon where it doesn't."""
    middle = at(f"{day}T12:00:00+00:00")
    changes = [change.at.replace(tzinfo=UTC) for change in Schedule("* * * * *", zone).clock_changes(middle.year)]
    return min(changes, key=lambda moment: abs(moment - middle), default=middle)


def days_of_all_zones():
    """Any zone that there is, and a day of any month: the change nearest to it is taken."""
    zones, years = st.sampled_from(sorted(zone_names())), st.sampled_from(YEARS)
    days = st.builds("{}-{:02}-15".format, years, st.integers(1, 12))
    return st.tuples(zones, days)


@st.composite
def schedules_and_windows(draw, zones_and_days=KNOWN):
    """A schedule, and some hours around a change of its clock in which its timer isn't called too often to try."""
    zone, day = draw(zones_and_days)
    change = change_of(zone, day)
    near = [(change + shift).astimezone(Schedule("* * * * *", zone).zone) for shift in (-HOUR, timedelta(0), HOUR)]
    second = draw(st.sampled_from(["0", "0", "15", "59", "*/30", "10-12"]))
    hour = draw(st.one_of(fields(0, 23), st.sampled_from([str(moment.hour) for moment in near]), st.just("*")))
    days = draw(st.sampled_from(["* * *", "* * *", "* * 1-5", "* * SUN", "28-31 * *", "1 * *", "* 3,10 *"]))
    minute = draw(fields(0, 59))
    after = change - draw(st.integers(0, 4 * 3600)) * SECOND
    until = change + draw(st.integers(1, 5 * 3600)) * SECOND
    schedule = Schedule(f"{second} {minute} {hour} {days}", zone)
    firings = firings_of(schedule, after, until)
    if not firings:
        # Hypothesis gives up when most of what is drawn is thrown away: this one is due in each hour.
        schedule, until = Schedule(f"{second} {minute} * * * *", zone), max(until, after + 2 * HOUR)
        firings = firings_of(schedule, after, until)
    if len(firings) > MOST_CALLS:
        until = firings[MOST_CALLS] - SECOND
    return schedule, after, until, firings[:MOST_CALLS]


def firings_of(schedule, after, until):
    return list(islice(Schedule(schedule.timer_expression).between(after, until), MOST_CALLS + 1))


def walk(schedule, after, until):
    """What is due, by a walk over each second of the local clock and Python's own reading of folds (PEP 495)."""
    fields = [set(field.values) for field in schedule.expression.fields]
    seconds, minutes, hours, *_ = fields
    due, wall = set(), local(schedule, after).replace(microsecond=0) - DAY - HOUR
    end = local(schedule, until) + DAY + HOUR
    while wall <= end:
        if wall.second in seconds and wall.minute in minutes and wall.hour in hours:
            shown = (wall.day, wall.month, wall.isoweekday() % 7)
            if all(value in field for value, field in zip(shown, fields[3:], strict=True)):
                first, second = (wall.replace(tzinfo=schedule.zone, fold=fold).astimezone(UTC) for fold in (0, 1))
                due.add(first)
                # Of a time that doesn't exist, the fold 1 lies before the fold 0.
                if first < second and schedule.expression.is_interval:
                    due.add(second)
        wall += SECOND
    return sorted(moment for moment in due if after < moment <= until)


@given(schedules_and_windows())
@settings(max_examples=examples(25, quick=8))
def test_the_timers_calls_serve_exactly_what_a_walk_of_the_local_clock_finds(drawn):
    """By the pure part of `settle`: each occurrence at the very call that is made for it."""
    schedule, after, until, firings = drawn
    registry.clear()
    declare("nightly", schedule=schedule.expression.text, time_zone=schedule.zone.key, overlap="allow")
    runs, through = [], after
    for firing in firings:
        now = firing + LATE
        plan = decide([Era(registry["nightly"], through, now)], now=now)
        assert [run.scheduled_for for run in plan.entries] in ([], [firing])
        runs += plan.runs
        through = now
    assert [run.scheduled_for for run in runs] == walk(schedule, after, until)


@given(schedules_and_windows(days_of_all_zones()))
@settings(max_examples=examples(40, quick=10))
def test_so_they_do_in_any_zone_that_there_is(drawn):
    schedule, after, until, firings = drawn
    due = walk(schedule, after, until)
    assert list(schedule.between(after, until)) == due
    assert set(due) <= set(firings)
    runs = []
    for firing in firings:
        through, now = max(after, firing - SECOND), firing + LATE
        job = Job(name="nightly", command="succeeds", schedule=schedule)
        runs += decide([Era(job, through, now)], now=now).runs
    assert [run.scheduled_for for run in runs] == due


@pytest.mark.django_db
@given(schedules_and_windows())
@settings(max_examples=examples(15, quick=3))
def test_the_ledger_holds_exactly_what_a_walk_of_the_local_clock_finds(drawn):
    """By the whole of it: each call is answered as the function answers it, and the rows are read."""
    schedule, after, until, firings = drawn
    executed = []
    with pytest.MonkeyPatch.context() as patch, transaction.atomic():
        patch.setattr(this_worker, "execute", lambda run, **_: executed.append(run))
        first_seen_at(patch, after)
        registry.clear()
        declare("nightly", schedule=schedule.expression.text, time_zone=schedule.zone.key, overlap="allow")
        moved_clock(connection)
        for firing in firings:
            set_clock(firing + LATE)
            # Of a schedule of more than once a minute the host tells no moment.
            told = None if schedule.expression.is_sub_minute else firing
            timer_calls.answer(Call(job=registry["nightly"], called_for=told, called_at=firing + LATE))
        runs = Run.objects.order_by("scheduled_for").values_list("scheduled_for", "trigger")
        assert list(runs) == [(moment, "schedule") for moment in walk(schedule, after, until)]
        assert len(executed) == len(runs)
        assert not Gap.objects.exists()
        assert not Event.objects.exists()
        assert JobState.objects.get().ledger_through <= until + LATE
        transaction.set_rollback(True)


def set_clock(moment):
    with connection.cursor() as cursor:
        cursor.execute("SELECT set_config('moved.now', %s, true)", [moment.isoformat()])


def test_the_walk_is_the_hosts_reading_of_a_change():
    schedule = Schedule("0 30 2 * * *", "Europe/Berlin")
    assert walk(schedule, at("2026-03-28T12:00:00+00:00"), at("2026-03-29T12:00:00+00:00")) == [
        at("2026-03-29T03:30:00+02:00")
    ]
    interval = Schedule("0 30 2-3 * * *", "Europe/Berlin")
    due = walk(interval, at("2026-10-24T12:00:00+00:00"), at("2026-10-25T12:00:00+00:00"))
    assert [f"{local(interval, moment):%H:%M}" for moment in due] == ["02:30", "02:30", "03:30"]
