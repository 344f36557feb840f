"""Timers fire as the host's do. The clock is moved; nothing else is special."""

import asyncio
import json
from datetime import timedelta

import pytest

from tests.localhost.moved_clock import at, play, settle

MINUTES_5 = "0 */5 * * * *"
HOURLY = "0 0 * * * *"


@pytest.fixture
def file(tmp_path):
    return tmp_path / "timers.json"


def test_a_timer_fires_at_each_occurrence(file):
    calls = play(MINUTES_5, file, at("00:01"), at("00:16"))
    assert calls.made == [("00:05:00", "schedule"), ("00:10:00", "schedule"), ("00:15:00", "schedule")]


def test_a_run_longer_than_the_period_delays_the_next_which_is_not_past_due(file):
    calls = play(MINUTES_5, file, at("00:01"), at("00:40"), lasts=timedelta(minutes=12))
    assert calls.made == [("00:05:00", "schedule"), ("00:17:00", "schedule"), ("00:29:00", "schedule")]
    assert [data["IsPastDue"] for data in calls.data] == [False, False, False]


def test_a_call_gets_the_occurrence_it_serves_as_next(file):
    calls = play(MINUTES_5, file, at("00:01"), at("00:20"), lasts=timedelta(minutes=12))
    assert [data["ScheduleStatus"] for data in calls.data] == [
        {
            "Last": "0001-01-01T00:00:00+00:00",
            "Next": "2026-06-01T00:05:00+00:00",
            "LastUpdated": "2026-06-01T00:01:00+00:00",
        },
        {
            "Last": "2026-06-01T00:05:00+00:00",
            "Next": "2026-06-01T00:10:00+00:00",
            "LastUpdated": "2026-06-01T00:05:00+00:00",
        },
    ]


def test_a_downtime_of_any_length_ends_in_one_past_due_call(file):
    play(MINUTES_5, file, at("00:01"), at("00:06"))
    calls = play(MINUTES_5, file, at("2026-06-04 09:02"), at("2026-06-04 09:06"))
    assert calls.made == [("09:02:00", "past due"), ("09:05:00", "schedule")]
    assert [data["IsPastDue"] for data in calls.data] == [True, False]
    assert calls.data[0]["ScheduleStatus"]["Next"] == "2026-06-01T00:10:00+00:00"


def test_a_timer_that_was_seen_and_never_fired_is_past_due_after_downtime(file):
    play(HOURLY, file, at("00:01"), at("00:02"))
    assert play(HOURLY, file, at("01:30"), at("01:31")).made == [("01:30:00", "past due")]


def test_a_downtime_in_which_nothing_was_due_ends_in_no_call(file):
    play(HOURLY, file, at("00:01"), at("01:10"))
    assert play(HOURLY, file, at("01:50"), at("01:59")).made == []


def test_a_timer_never_seen_before_is_not_past_due(file):
    assert play(HOURLY, file, at("00:30"), at("00:31")).made == []


def test_a_host_that_ends_in_mid_run_fires_the_occurrence_again(file):
    first = play(HOURLY, file, at("00:50"), at("01:10"), lasts=timedelta(minutes=30))
    again = play(HOURLY, file, at("01:15"), at("01:16"), lasts=timedelta(minutes=30))
    assert (first.made, again.made) == ([("01:00:00", "schedule")], [("01:15:00", "past due")])
    assert first.data[0]["ScheduleStatus"]["Next"] == again.data[0]["ScheduleStatus"]["Next"]


def test_the_status_is_written_once_the_run_has_ended(file):
    async def look(timer, clock):
        await clock.move_to(at("01:10"))
        assert json.loads(file.read_text())["nightly"]["Next"] == "2026-06-01T01:00:00+00:00"
        await clock.move_to(at("01:30"))
        assert json.loads(file.read_text())["nightly"]["Next"] == "2026-06-01T02:00:00+00:00"

    play(HOURLY, file, at("00:50"), at("01:40"), lasts=timedelta(minutes=30), also=look)


def test_a_changed_schedule_is_never_past_due(file):
    play("0 0 3 * * *", file, at("00:01"), at("00:02"))
    calls = play("0 0 2 * * *", file, at("09:00"), at("2026-06-02 02:00"))
    assert calls.made == [("02:00:00", "schedule")]


def test_a_changed_schedule_counts_from_what_is_known(file):
    play("0 0 3 * * *", file, at("00:01"), at("00:02"))
    assert play("0 0 5 * * *", file, at("04:00"), at("05:00")).made == [("05:00:00", "schedule")]


def test_a_schedule_of_more_than_once_a_minute_has_no_status_and_no_catch_up(file):
    seconds_20 = "*/20 * * * * *"
    calls = play(seconds_20, file, at("00:00"), at("00:01"))
    assert calls.made == [("00:00:20", "schedule"), ("00:00:40", "schedule"), ("00:01:00", "schedule")]
    assert [data["ScheduleStatus"] for data in calls.data] == [None, None, None]
    assert not file.exists()
    assert play(seconds_20, file, at("03:00"), at("03:00")).made == []


def test_two_firings_close_together_now_and_then_switch_the_status_off_too(file):
    calls = play("0,30 0 * * * *", file, at("00:30"), at("01:00"))
    assert [data["ScheduleStatus"] for data in calls.data] == [None]


def test_a_run_that_fails_is_forgotten_and_the_schedule_goes_on(file):
    calls = play(HOURLY, file, at("00:30"), at("02:10"), error="ValueError: no")
    assert calls.made == [("01:00:00", "schedule"), ("02:00:00", "schedule")]


def test_a_manual_call_overlaps_a_run_and_changes_no_status(file):
    async def call(timer, clock):
        await clock.move_to(at("01:10"))
        by_hand = asyncio.create_task(timer.call_by_hand())
        await settle()
        by_hand.cancel()

    calls = play(HOURLY, file, at("00:50"), at("01:40"), lasts=timedelta(minutes=30), also=call)
    assert calls.made == [("01:00:00", "schedule"), ("01:10:00", "manual")]
    assert calls.data[1] == {
        "Schedule": {"AdjustForDST": True},
        "ScheduleStatus": {
            "Last": "0001-01-01T00:00:00+00:00",
            "Next": "2026-06-01T01:00:00+00:00",
            "LastUpdated": "2026-06-01T00:50:00+00:00",
        },
        "IsPastDue": False,
    }
    assert json.loads(file.read_text())["nightly"]["Last"] == "2026-06-01T01:00:00+00:00"


def test_a_schedule_that_never_fires_is_waited_for_in_silence(file):
    never = "0 0 0 30 2 *"
    assert play(never, file, at("00:00"), at("2027-06-01 00:00")).made == []
    assert play(never, file, at("2027-06-01 00:00"), at("2028-06-01 00:00")).made == []


def test_timers_share_the_file_of_statuses(file):
    file.write_text(json.dumps({"other": {"Last": "kept"}}))
    play(HOURLY, file, at("00:50"), at("01:10"))
    assert json.loads(file.read_text())["other"] == {"Last": "kept"}
