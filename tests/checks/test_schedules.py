"""What `manage.py check` says of schedules that can be read, and hardly mean what was meant."""

from time import perf_counter

import pytest

from jobs import checks, declare
from jobs.checks import schedules
from jobs.declarations.registry import registry
from tests.helpers.findings import findings


@pytest.mark.parametrize(
    ("schedule", "number", "message", "hint"),
    [
        (
            "0 0 22-2 * * *",
            "jobs.W001",
            "The schedule of job 'nightly': The hour '22-2' is read as 2-22: reversed ranges are swapped and don't "
            "wrap around. Write 0-2,22-23 to wrap around, or 2-22.",
            "If that is intended, write '0 0 2-22 * * *'.",
        ),
        (
            "0 0 3 * * FRI-MON",
            "jobs.W001",
            "The schedule of job 'nightly': The day of week 'FRI-MON' is read as 1-5: reversed ranges are swapped "
            "and don't wrap around. Write 0-1,5-6 to wrap around, or 1-5.",
            "If that is intended, write '0 0 3 * * 1-5'.",
        ),
        (
            "0 */0 * * * *",
            "jobs.W002",
            "The schedule of job 'nightly': The minute '*/0' is read with a step of 1, not 0. Write the intended step.",
            "If that is intended, write '0 * * * * *'.",
        ),
        (
            "0 */90 * * * *",
            "jobs.W003",
            "The schedule of job 'nightly': The minute '*/90' matches 0 alone: a step of 90 is larger than the field, "
            "and the next round starts at 0 again. Write 0, or the values that you want.",
            "If that is intended, write '0 0 * * * *'.",
        ),
        (
            "0 */25 * * * *",
            "jobs.W016",
            "The schedule of job 'nightly': The minute '*/25' matches 0, 25, 50, and 0 again 10 minutes later: the "
            "step starts over each time. Write 0,25,50, or a step that divides 60.",
            "If that is intended, add jobs.W016 to SILENCED_SYSTEM_CHECKS.",
        ),
        (
            "0 0 3 13 * FRI",
            "jobs.W004",
            "The schedule of job 'nightly': Day of month '13' and day of week '5' must both match; in classic cron "
            "either is enough. Write * for one of them, or declare two jobs.",
            "If that is intended, add jobs.W004 to SILENCED_SYSTEM_CHECKS.",
        ),
        (
            "0 0 3 30 2 *",
            "jobs.E016",
            "The schedule of job 'nightly': '0 0 3 30 2 *' never fires: there is no such day. Write a day of that "
            "month.",
            "If the job is started by hand, omit the schedule.",
        ),
        (
            "0 0 22-2 31 4,6 MON",
            "jobs.E016",
            "The schedule of job 'nightly': '0 0 2-22 31 4,6 1' never fires: there is no such day. "
            "Write a day of that month.",
            "If the job is started by hand, omit the schedule.",
        ),
    ],
)
def test_what_the_host_reads_otherwise_than_it_is_meant_is_reported(declared, schedule, number, message, hint):
    declared("nightly", schedule=schedule)
    assert findings(schedules.surprises) == [(number, message, hint)]


@pytest.mark.parametrize("schedule", ["0 0 22-2 * * *", "0 0 3 * * FRI-MON", "0 */0 * * * *", "0 */90 * * * *"])
def test_what_the_hint_says_to_write_is_no_surprise(declared, schedule):
    declared("nightly", schedule=schedule)
    ((_, _, hint),) = findings(schedules.surprises)
    registry.clear()
    declared("nightly", schedule=hint.split("'")[1])
    assert findings(schedules.surprises) == []


def test_usual_schedules_surprise_nobody(declared):
    for number, schedule in enumerate(["0 3 * * *", "0 */5 * * * *", "0 15 16 * * MON-FRI", "0 0 9 8-14 * MON"]):
        declared(f"job_{number}", schedule=schedule)
    declared("by_hand")
    checks_of_schedules = (schedules.surprises, schedules.rhythms, schedules.crowds)
    assert [findings(check) for check in (*checks_of_schedules, schedules.timers)] == [[], [], [], []]


@pytest.mark.parametrize(
    ("schedule", "message", "hint"),
    [
        (
            "0 0 3 * * 7",
            "The schedule of job 'nightly' can't be read: The day of week '7' is outside 0 to 6. For Sunday write 0.",
            "docs/reference/ncrontab.md has examples.",
        ),
        (
            "24:00:00",
            "The schedule of job 'nightly' can't be read: The expression '24:00:00' is a TimeSpan: the host would "
            "wait 24 days after each run, from whenever it started. Write the time of day, like '0 0 3 * * *' for "
            "03:00, or an interval, like '0 */5 * * * *'.",
            "docs/reference/ncrontab.md has examples.",
        ),
        (
            "1",
            "The schedule of job 'nightly' can't be read: The expression '1' is a TimeSpan: the host would wait 1 day "
            "after each run, from whenever it started. Write the time of day, like '0 0 3 * * *' for 03:00, or an "
            "interval, like '0 */5 * * * *'.",
            "docs/reference/ncrontab.md has examples.",
        ),
        (
            "5",
            "The schedule of job 'nightly' can't be read: The expression '5' is a TimeSpan: the host would wait 5 days "
            "after each run, from whenever it started. Write the time of day, like '0 0 3 * * *' for 03:00, or an "
            "interval, like '0 */5 * * * *'.",
            "docs/reference/ncrontab.md has examples.",
        ),
        (
            "@daily",
            "The schedule of job 'nightly' can't be read: The expression '@daily' is a shorthand NCRONTAB doesn't "
            "know. Write '0 0 0 * * *'.",
            "docs/reference/ncrontab.md has examples.",
        ),
    ],
)
def test_what_cant_be_read_is_an_error_with_a_hint(declared, schedule, message, hint):
    declared("nightly", schedule=schedule)
    assert findings(checks.declarations) == [("jobs.E005", message, hint)]


# Settings in a schedule


def test_a_schedule_may_come_from_a_setting(declared, monkeypatch):
    monkeypatch.setenv("NIGHTLY", "0 0 3 * * *")
    monkeypatch.setenv("WEEKDAYS", "MON-FRI")
    declared("nightly", schedule="%NIGHTLY%")
    declared("weekly", schedule="0 30 4 * * %WEEKDAYS%")
    assert findings(checks.declarations) == []
    assert [job.schedule.expression.text for job in registry.values()] == ["0 0 3 * * *", "0 30 4 * * 1-5"]


def test_a_setting_that_isnt_set_is_reported(declared, monkeypatch):
    monkeypatch.delenv("NIGHTLY", raising=False)
    declared("nightly", schedule="%NIGHTLY%")
    assert findings(checks.declarations) == [
        (
            "jobs.E015",
            "The schedule of job 'nightly' is '%NIGHTLY%', and there is no setting NIGHTLY.",
            "Set the environment variable NIGHTLY, among the app's settings in Azure, or write the expression.",
        )
    ]
    assert not registry


def test_a_setting_that_is_no_expression_is_reported_like_any_other(declared, monkeypatch):
    monkeypatch.setenv("NIGHTLY", "03:00")
    declared("nightly", schedule="%NIGHTLY%")
    assert findings(checks.declarations) == [
        (
            "jobs.E005",
            "The schedule of job 'nightly' can't be read: The expression '03:00' is a TimeSpan: the host would wait "
            "that long after each run, from whenever it started. Write the time of day, like '0 0 3 * * *' for 03:00, "
            "or an interval, like '0 */5 * * * *'.",
            "docs/reference/ncrontab.md has examples.",
        )
    ]


# More than once a minute


def test_a_timer_of_more_than_once_a_minute_is_reported(declared):
    declared("often", schedule="0,30 * * * * *")
    assert findings(schedules.rhythms) == [
        (
            "jobs.W005",
            "Job 'often' is due more than once a minute. For such a timer the host keeps no schedule status: it "
            "doesn't catch up after downtime, and a manual call of the function starts nothing, because it looks like "
            "the timer's.",
            "Let one run do a minute's work: write one value for the second. If that is intended, add jobs.W005 "
            "to SILENCED_SYSTEM_CHECKS.",
        )
    ]


def test_without_a_timer_the_tick_runs_the_last_of_a_minute(declared):
    declared("often", schedule="0,30 * * * * *", timer=False)
    ((_, message, _),) = findings(schedules.rhythms)
    assert message == (
        "Job 'often' is due more than once a minute. "
        "The tick checks once a minute: only the last occurrence of each minute runs."
    )


def test_once_a_minute_is_fine(declared):
    declared("each_minute", schedule="* * * * *")
    assert findings(schedules.rhythms) == []


# Crowds


def declare_at_three(declare, count, **rules):
    for number in range(count):
        declare(f"job_{number}", **{"schedule": "0 0 3 * * *"} | rules)


def test_many_timers_on_one_second_are_reported(declared):
    declare_at_three(declared, 10)
    assert findings(schedules.crowds) == []
    declared("each_hour", schedule="0 0 * * * *")
    assert findings(schedules.crowds) == [
        (
            "jobs.W006",
            "11 timers fire at 03:00:00 UTC: job_0, job_1, job_2 and 8 more.",
            "Spread them over the hour or the minute: '20 7 3 * * *' is as good as '0 0 3 * * *', and gets a free "
            "slot at once. If that is intended, add jobs.W006 to SILENCED_SYSTEM_CHECKS.",
        )
    ]


def test_a_crowd_is_counted_by_the_hosts_clock(declared):
    declare_at_three(declared, 6, time_zone="Europe/Berlin")
    for number in range(6):
        declared(f"other_{number}", schedule="0 0 2 * * *", time_zone="Africa/Lagos")
    ((_, message, _),) = findings(schedules.crowds)
    assert message == "12 timers fire at 01:00:00 UTC: job_0, job_1, job_2 and 9 more."


@pytest.mark.parametrize("days", ["{} * *", "* {} *", "* {} 1-5"])
def test_timers_that_never_share_a_day_are_no_crowd(declared, days):
    for number in range(1, 13):
        declared(f"job_{number}", schedule=f"0 0 3 {days.format(number)}")
    assert findings(schedules.crowds) == []


def test_timers_that_share_a_day_now_and_then_are_one(declared):
    for number in range(6):
        declared(f"monthly_{number}", schedule="0 0 3 1 * *")
        declared(f"weekly_{number}", schedule="0 0 3 * * MON")
        declared(f"later_{number}", schedule="0 0 3 2-3 * *")
    ((_, message, _),) = findings(schedules.crowds)
    assert message == "12 timers fire at 03:00:00 UTC: monthly_0, weekly_0, monthly_1 and 9 more."


def test_jobs_without_a_timer_and_spread_ones_are_no_crowd(declared):
    declare_at_three(declared, 11, timer=False)
    for number in range(60):
        declared(f"spread_{number}", schedule=f"{number} 0 3 * * *")
    assert findings(schedules.crowds) == []


def test_the_busiest_second_of_thousands_is_found_at_once(declared):
    for number in range(2000):
        declared(f"job_{number}", schedule=f"{number % 59} {number % 57} {number % 23} * * *")
        declared(f"often_{number}", schedule=f"{number % 60} */{number % 20 + 1} * * * *")
    started = perf_counter()
    ((_, message, _),) = findings(schedules.crowds)
    assert perf_counter() - started < 5
    assert "timers fire at" in message


def test_hundreds_of_timers_are_reported(declared):
    declare_at_three(declared, 200)
    declared("by_tick", schedule="0 0 3 * * *", timer=False)
    declared("by_hand")
    assert findings(schedules.timers) == []
    declared("one_more", schedule="0 0 3 * * *")
    assert findings(schedules.timers) == [
        (
            "jobs.W007",
            "201 jobs have a timer of their own, more than 200: the app starts slowly, and each timer costs a lease "
            "in the storage account.",
            "Write timer=False for jobs that may start to the minute: the tick starts them.",
        )
    ]


def test_jobs_that_all_never_come_make_no_crowd(declared):
    declared("nightly", schedule="0 0 0 30 2 *")
    assert schedules.crowds() == []


def test_either_day_written_as_two_jobs_is_meant():
    declare("close", "--month", schedule="0 0 4 1 * *")
    declare("close_too", "--month", command="close", schedule="0 0 4 2-31 * MON")
    assert [message.id for message in schedules.surprises()] == []
    declare("close_three", command="close", schedule="0 0 4 2-31 * MON")
    assert [message.id for message in schedules.surprises()] == ["jobs.W004"], "of another command line"
