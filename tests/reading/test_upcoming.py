from datetime import UTC, datetime, timedelta
from itertools import pairwise
from time import process_time

import pytest

from jobs.declarations.registry import registry
from jobs.reading import upcoming
from jobs.reading.upcoming import Stretch
from jobs.schedule.occurrences import Schedule

DAY = timedelta(days=1)
NOON = datetime(2026, 3, 28, 12, 0, tzinfo=UTC)  # the clocks of Europe change in the night that follows
USUAL = [
    *("0 * * * * *", "0 */5 * * * *", "0 0 * * * *", "0 0 3 * * *", "0 0 */6 * * *"),
    *("0 15 16 * * 1-5", "0 30 9-17 * * 1-5", "0 0 0 * * 0", "0 30 4 1 * *"),
]
ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles"]


def told(found):
    return [(coming.job.name, f"{coming.first:%d %H:%M}", coming.count) for coming in found]


def test_the_occurrences_of_all_jobs_come_in_their_order(declared):
    declared("late", schedule="0 0 22 * * *")
    declared("berlin", schedule="0 30 2 * * *", time_zone="Europe/Berlin")
    declared("twice", schedule="0 0 1,21 * * *")
    declared("by_hand")
    declared("next_week", schedule="0 0 3 5 4 *")
    assert told(upcoming.upcoming(registry.values(), NOON, NOON + DAY)) == [
        ("twice", "28 21:00", 1),
        ("late", "28 22:00", 1),
        ("twice", "29 01:00", 1),
        ("berlin", "29 01:30", 1),
    ]


def test_until_belongs_to_it_and_after_does_not(declared):
    declared("noon", schedule="0 0 12 * * *")
    assert told(upcoming.upcoming(registry.values(), NOON, NOON + DAY)) == [("noon", "29 12:00", 1)]
    assert upcoming.upcoming(registry.values(), NOON, NOON + DAY - timedelta(seconds=1)) == []


def test_a_job_that_is_due_often_has_one_row(declared):
    declared("each_hour", schedule="0 0 * * * *")
    declared("each_minute", schedule="0 * * * * *", time_zone="Europe/Berlin")
    found = upcoming.upcoming(registry.values(), NOON, NOON + DAY)
    assert [count for name, _, count in told(found) if name == "each_hour"] == [1] * 24
    (often,) = [coming for coming in found if coming.job.name == "each_minute"]
    assert (often.first, often.last, often.count) == (NOON + timedelta(minutes=1), NOON + DAY, 1440)
    assert len(upcoming.upcoming(registry.values(), NOON, NOON + DAY, fold=None)) == 24 + 1440


def test_fewer_come_than_were_asked_for_where_no_more_come():
    assert upcoming.following([Stretch(Schedule("0 0 0 30 2 *"), NOON)], 5) == []
    assert len(upcoming.following([Stretch(Schedule("0 0 3 * * *"), NOON)], 5)) == 5


@pytest.mark.parametrize(
    ("expression", "zone", "year", "words"),
    [
        (
            "0 30 2 * * *",
            "Europe/Berlin",
            2026,
            ["02:30 doesn't exist: at 03:30 instead", "02:30 comes twice: the first time only"],
        ),
        (
            "15 30 2-3 * * *",
            "Europe/Berlin",
            2026,
            ["02:30:15 doesn't exist, and 03:30:15 is due anyway: once", "02:30:15 comes twice: both times"],
        ),
        ("0 0 9 * * FRI", "Pacific/Apia", 2011, ["09:00 doesn't exist: at 2011-12-31 09:00 instead"]),
        ("0 30 2 * * *", "UTC", 2026, []),
    ],
)
def test_what_a_change_of_the_clock_does_is_reported_in_words(expression, zone, year, words):
    schedule = Schedule(expression, zone)
    notes = schedule.dst_notes(year)
    assert [f"{upcoming.named(note)} {upcoming.what_happens(schedule, note)}" for note in notes] == words


def test_only_occurrences_that_a_change_touches_have_a_note():
    schedule = Schedule("0 30 2 * * *", "Europe/Berlin")
    moments = [moment for moment, _ in upcoming.following([Stretch(schedule, NOON)], 3)]
    assert [f"{moment:%d %H:%M} {note.kind}" for moment, note in upcoming.changed(schedule, moments).items()] == [
        "29 01:30 moved"
    ]


def test_the_next_day_of_ten_thousand_jobs_is_listed_in_two_seconds(declared):
    for number in range(10_000):
        declared(f"job_{number}", schedule=USUAL[number % 9], time_zone=ZONES[number % 7 % 3])
    # Of this process alone: the machine may have other things to do. Measured: 0.4 s.
    started = process_time()
    found = upcoming.upcoming(registry.values(), NOON, NOON + DAY)
    assert process_time() - started < 2
    assert len(found) > 30_000
    assert all(earlier.first <= later.first for earlier, later in pairwise(found))
