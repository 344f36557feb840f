"""A day around each change of the clock, through the local host with its clock moved: what is due runs, once.

Timers, worker library, PostgreSQL and children are real; the expected moments are written by hand, in local time.
"""

import json
import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.conf import settings
from django.db import connection

from jobs.models import Event, Gap, JobState, Run

HALF_A_DAY = timedelta(hours=12)
# Hours that follow each other make an interval.
INTERVAL = "0 */30 1-3 * * *"

# Zone, change (UTC), a point in time, when that is due, when the interval is due.
DAYS = [
    (
        *("Pacific/Apia", "2011-12-30T10:00Z", "0 0 9 30 12 *"),  # the day that never was
        ["31 09:00 +14:00"],
        [f"31 {time} +14:00" for time in ("01:00", "01:30", "02:00", "02:30", "03:00", "03:30")],
    ),
    (
        *("Africa/Casablanca", "2026-02-15T02:00Z", "0 30 2 * * *"),  # Ramadan begins
        ["15 02:30 +01:00"],
        [f"15 {time} +01:00" for time in ("01:00", "01:30", "02:00", "02:30")]
        + [f"15 {time} +00:00" for time in ("02:00", "02:30", "03:00", "03:30")],
    ),
    (
        *("America/Los_Angeles", "2026-03-08T10:00Z", "0 30 2 * * *"),
        ["08 03:30 -07:00"],
        ["08 01:00 -08:00", "08 01:30 -08:00", "08 03:00 -07:00", "08 03:30 -07:00"],
    ),
    (
        *("Africa/Casablanca", "2026-03-22T02:00Z", "0 30 2 * * *"),
        ["22 03:30 +01:00"],
        ["22 01:00 +00:00", "22 01:30 +00:00", "22 03:00 +01:00", "22 03:30 +01:00"],
    ),
    (
        *("Europe/Berlin", "2026-03-29T01:00Z", "0 30 2 * * *"),
        ["29 03:30 +02:00"],
        ["29 01:00 +01:00", "29 01:30 +01:00", "29 03:00 +02:00", "29 03:30 +02:00"],
    ),
    (
        *("Antarctica/Troll", "2026-03-29T01:00Z", "0 30 1 * * *"),  # by two hours
        ["29 03:30 +02:00"],
        ["29 03:00 +02:00", "29 03:30 +02:00", "29 04:00 +02:00", "29 04:30 +02:00"],
    ),
    (
        *("Australia/Lord_Howe", "2026-04-04T15:00Z", "0 45 1 * * *"),  # by half an hour
        ["05 01:45 +11:00"],
        ["05 01:00 +11:00", "05 01:30 +11:00"]
        + [f"05 {time} +10:30" for time in ("01:30", "02:00", "02:30", "03:00", "03:30")],
    ),
    (
        *("Australia/Lord_Howe", "2026-10-03T15:30Z", "0 15 2 * * *"),
        ["04 02:45 +11:00"],
        ["04 01:00 +10:30", "04 01:30 +10:30", "04 02:30 +11:00", "04 03:00 +11:00", "04 03:30 +11:00"],
    ),
    (
        *("Europe/Berlin", "2026-10-25T01:00Z", "0 30 2 * * *"),
        ["25 02:30 +02:00"],
        [f"25 {time} +02:00" for time in ("01:00", "01:30", "02:00", "02:30")]
        + [f"25 {time} +01:00" for time in ("02:00", "02:30", "03:00", "03:30")],
    ),
    (
        *("Antarctica/Troll", "2026-10-25T01:00Z", "0 30 1 * * *"),
        ["25 01:30 +02:00"],
        [f"25 {time} +02:00" for time in ("01:00", "01:30", "02:00", "02:30")]
        + [f"25 {time} +00:00" for time in ("01:00", "01:30", "02:00", "02:30", "03:00", "03:30")],
    ),
    (
        *("America/Los_Angeles", "2026-11-01T09:00Z", "0 30 1 * * *"),
        ["01 01:30 -07:00"],
        ["01 01:00 -07:00", "01 01:30 -07:00"]
        + [f"01 {time} -08:00" for time in ("01:00", "01:30", "02:00", "02:30", "03:00", "03:30")],
    ),
]


@pytest.fixture
def moved_schema(transactional_db):
    """A schema whose clock_timestamp() tells the time of the table moved.clock."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            CREATE SCHEMA moved;
            CREATE TABLE moved.clock AS SELECT clock_timestamp() AS now, clock_timestamp() AS since;
            CREATE FUNCTION moved.clock_timestamp() RETURNS timestamptz LANGUAGE sql STABLE
                AS $$ SELECT now + (pg_catalog.clock_timestamp() - since) FROM moved.clock $$;
            """
        )
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA moved CASCADE")


@pytest.fixture
def live_through(database_url, moved_schema, tmp_path):
    """Let the host live through days; gives for each how often it called each function."""

    def play(days):
        done = subprocess.run(
            [sys.executable, "-m", "tests.localhost.days", str(tmp_path)],
            input=json.dumps(days),
            capture_output=True,
            text=True,
            cwd=settings.BASE_DIR,
            # Every connection finds the moved clock first, those of the children too.
            env=os.environ
            | {"DJANGO_SETTINGS_MODULE": "tests.settings", "LOCAL": "1"}
            # Nine timers of each are none of the four slots'.
            | {"PGOPTIONS": "-c search_path=moved,pg_catalog,public"},
            timeout=110,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout.splitlines()[-1])

    return play


def a_day(change, jobs, hours=HALF_A_DAY, tick=False):
    middle = datetime.fromisoformat(change)
    return {
        "start": (middle - hours).isoformat(),
        "end": (middle + hours).isoformat(),
        "jobs": jobs,
        "tick": tick,
    }


def due(job, zone):
    """The occurrences of the job's runs, by its zone's clock."""
    runs = Run.objects.filter(job=job).order_by("scheduled_for")
    return [f"{run.scheduled_for.astimezone(ZoneInfo(zone)):%d %H:%M %:z}" for run in runs]


def test_a_day_around_each_change_runs_what_is_due_by_the_local_clock(live_through):
    days = [
        a_day(
            change,
            {
                f"point_{number}": {"schedule": point, "time_zone": zone},
                f"interval_{number}": {"schedule": INTERVAL, "time_zone": zone},
            },
        )
        for number, (zone, change, point, *_) in enumerate(DAYS)
    ]
    calls = live_through(days)
    for number, (zone, _, _, points, intervals) in enumerate(DAYS):
        assert (zone, due(f"point_{number}", zone)) == (zone, points)
        assert (zone, due(f"interval_{number}", zone)) == (zone, intervals)
        # The timers, in UTC, fired more often: those calls were no local occurrence, and left no row.
        assert calls[number][f"point_{number}"] > len(points)
        assert calls[number][f"interval_{number}"] >= len(intervals)
    runs = Run.objects.all()
    assert len(runs) == sum(len(points) + len(intervals) for *_, points, intervals in DAYS)
    assert {(run.status, run.trigger, run.attempt) for run in runs} == {("succeeded", "schedule", 1)}
    assert max(run.lateness for run in runs) < timedelta(minutes=1)
    assert not Gap.objects.exists()
    assert not Event.objects.exists()
    assert JobState.objects.count() == 2 * len(DAYS)


def test_the_tick_doubles_nothing_and_serves_jobs_without_a_timer(live_through):
    zone, change, point, points, intervals = DAYS[8]
    (calls,) = live_through(
        [
            a_day(
                change,
                {
                    "point": {"schedule": point, "time_zone": zone},
                    "interval": {"schedule": INTERVAL, "time_zone": zone},
                    "by_tick": {"schedule": INTERVAL, "time_zone": zone, "timer": False, "overlap": "allow"},
                },
                hours=timedelta(hours=3),
                tick=True,
            )
        ]
    )
    assert calls["tick"] == 6 * 60
    assert "by_tick" not in calls
    assert (due("point", zone), due("interval", zone), due("by_tick", zone)) == (points, intervals, intervals)
    assert {run.status for run in Run.objects.exclude(job="by_tick")} == {"succeeded"}
    assert not Gap.objects.exists()
    assert not Event.objects.exists()


def test_the_days_lie_around_changes_of_the_clock():
    for zone, change, *_ in DAYS:
        moment = datetime.fromisoformat(change).astimezone(UTC)
        before, after = ((moment + shift).astimezone(ZoneInfo(zone)) for shift in (-timedelta(seconds=1), timedelta(0)))
        assert before.utcoffset() != after.utcoffset()
