import json
from datetime import UTC, datetime, timedelta
from time import process_time

import pytest
from django.core.management import CommandError

from jobs.ledger import states
from tests.helpers.rows import a_pause, an_override
from tests.reading.test_upcoming import USUAL, ZONES

NOW = datetime(2026, 10, 24, 20, 0, tzinfo=UTC)  # the evening before the clocks of Europe go back


@pytest.fixture
def three_jobs(declared, monkeypatch):
    monkeypatch.setattr(states, "clock", lambda: NOW)
    declared("early", schedule="0 30 1-2 * * *", time_zone="Europe/Berlin")
    declared("often", schedule="0 */5 * * * *")
    declared("load", after="early")
    declared("seldom", schedule="0 0 3 1 1 *")


def test_it_lists_all_jobs_in_order_with_both_clocks(says, three_jobs):
    words = "At 01:30 and 02:30 every day"
    assert says("upcoming").splitlines() == [
        "UTC                   BY THE JOB'S CLOCK                            JOB    TIMES  SCHEDULE",
        "2026-10-24 20:05:00Z  Sat 2026-10-24 20:05:00 +00:00 UTC            often  288    Every 5 minutes",
        f"2026-10-24 23:30:00Z  Sun 2026-10-25 01:30:00 +02:00 Europe/Berlin  early  1      {words}",
        f"2026-10-25 00:30:00Z  Sun 2026-10-25 02:30:00 +02:00 Europe/Berlin  early  1      {words}",
        f"2026-10-25 01:30:00Z  Sun 2026-10-25 02:30:00 +01:00 Europe/Berlin  early  1      {words}",
    ]


def test_each_lists_the_frequent_ones_too(says, three_jobs):
    assert len(says("upcoming", "--each").splitlines()) == 1 + 288 + 3
    assert len(says("upcoming", "--each", "--hours", "2").splitlines()) == 1 + 24


def test_nothing_ahead_is_reported(says, declared):
    declared("by_hand")
    assert says("upcoming", "--hours", "1") == "Nothing is due in the next 1 hour.\n"


def test_it_shows_what_would_be_skipped_and_why(says, three_jobs, monkeypatch):
    past = NOW - timedelta(days=1)
    a_pause("early", began_at=past)
    a_pause("seldom", began_at=past, until=past + timedelta(hours=1))
    monkeypatch.setenv("AzureWebJobs_often_Disabled", "1")
    ends = [line.partition("288    ")[2] or line.partition("1      ")[2] for line in says("upcoming").splitlines()[1:]]
    assert ends[0] == "disabled in Azure: Every 5 minutes"
    assert ends[1].startswith("paused by ada: At 01:30")


def test_after_a_pause_nothing_is_skipped(says, three_jobs):
    a_pause("often", began_at=NOW - timedelta(days=1), until=NOW + timedelta(hours=1))
    a_pause("early", began_at=NOW - timedelta(days=1), until=NOW + timedelta(hours=4, minutes=30))
    lines = [line.split(maxsplit=8) for line in says("upcoming").splitlines()[1:]]
    assert [(first, *rest) for _, first, _, _, _, _, _, *rest in lines] == [
        ("20:05:00Z", "often", "11     paused by ada: Every 5 minutes"),
        ("21:00:00Z", "often", "277    Every 5 minutes"),
        ("23:30:00Z", "early", "1      paused by ada: At 01:30 and 02:30 every…"),
        ("00:30:00Z", "early", "1      At 01:30 and 02:30 every day"),
        ("01:30:00Z", "early", "1      At 01:30 and 02:30 every day"),
    ]
    found = json.loads(says("upcoming", "--format", "json"))
    assert [one["note"] for one in found if one["job"] == "early"] == ["paused by ada", "", ""]


def test_after_an_override_the_declaration_is_listed(says, declared, monkeypatch):
    monkeypatch.setattr(states, "clock", lambda: NOW)
    declared("nightly", schedule="0 0 3 * * *")
    an_override(began_at=NOW - timedelta(days=1), until=NOW + timedelta(hours=1), schedule="0 40 5,20 * * *")
    assert says("upcoming").splitlines()[1:] == [
        "2026-10-24 20:40:00Z  Sat 2026-10-24 20:40:00 +00:00 UTC  nightly  1      At 05:40 and 20:40 every day",
        "2026-10-25 03:00:00Z  Sun 2026-10-25 03:00:00 +00:00 UTC  nightly  1      At 03:00 every day",
    ]


def test_json_lists_each_occurrence(says, three_jobs):
    found = json.loads(says("upcoming", "--format", "json"))
    assert len(found) == 288 + 3
    assert [one for one in found if one["job"] == "early"][1] == {
        "job": "early",
        "scheduled_for": "2026-10-25T00:30:00Z",
        "local": "2026-10-25T02:30:00+02:00",
        "time_zone": "Europe/Berlin",
        "in_words": "At 01:30 and 02:30 every day",
        "note": "",
    }


def test_ten_thousand_jobs_are_printed_within_seconds(says, declared, django_assert_num_queries):
    for number in range(10_000):
        declared(f"job_{number}", schedule=USUAL[number % 9], time_zone=ZONES[number % 7 % 3])
    with django_assert_num_queries(2):
        started = process_time()
        says("upcoming")
    assert process_time() - started < 10  # measured: 1.6 s


@pytest.mark.parametrize("hours", ["0", "80000000", "9" * 5000])
def test_hours_beyond_a_year_are_refused(says, hours):
    with pytest.raises(CommandError) as error:
        says("upcoming", "--hours", hours)
    assert str(error.value) == (
        f"Error: argument --hours: {hours!r} is not a number of hours. Write a number from 1 to 8784."
    )
