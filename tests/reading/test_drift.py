"""What differs from the code, by whom and until when."""

import json
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from jobs.declarations.registry import registry
from jobs.ledger import interventions, states
from jobs.management.operator import operator
from jobs.models import Intervention, Run
from jobs.reading.drift import drift
from tests.helpers.moments import at
from tests.helpers.rows import a_pause, an_override

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def jobs(declared):
    declared("nightly", "--word", "bread", command="succeeds", schedule="0 0 3 * * *", time_zone="Asia/Tokyo")
    declared("hourly", command="succeeds", schedule="0 0 * * * *")


def told():
    return [(found.job, found.what, found.declared, found.now, found.by, found.reason) for found in drift()]


def test_nothing_differs_at_first():
    assert drift() == []


def test_a_pause_differs():
    until = states.clock() + timedelta(hours=1)
    interventions.pause(registry["hourly"], by="ada", reason="the bank moves", until=until)
    assert told() == [("hourly", "schedule", "on", "paused", "ada", "the bank moves")]
    assert drift()[0].until == until
    assert drift(until) == []


def test_an_override_differs_in_each_thing_that_it_changes():
    interventions.override(registry["nightly"], schedule="0 30 5 * * *", arguments=["--word", "rock salt"], by="ada")
    assert told() == [
        ("nightly", "schedule", "0 0 3 * * * Asia/Tokyo", "0 30 5 * * * Asia/Tokyo", "ada", ""),
        ("nightly", "arguments", "--word bread", "--word 'rock salt'", "ada", ""),
    ]


def test_settings_differ(declared, monkeypatch):
    monkeypatch.setenv("AzureWebJobs.hourly.Disabled", "1")
    monkeypatch.setenv("JOBS_SCHEDULE__WEEKLY", "0 0 6 * * MON")
    monkeypatch.setenv("JOBS_SCHEDULE__YEARLY", "0 0 6 1 1 *")
    declared("weekly", command="succeeds", schedule="0 0 3 * * SUN")
    assert told() == [
        ("hourly", "function", "enabled", "disabled", "AzureWebJobs.hourly.Disabled", ""),
        ("weekly", "schedule", "0 0 3 * * SUN", "0 0 6 * * 1", "JOBS_SCHEDULE__WEEKLY", ""),
        ("–", "setting", "no such job", "JOBS_SCHEDULE__YEARLY", "app settings", ""),
    ]


def test_what_was_changed_of_a_renamed_job_differs_until_it_is_ended(declared):
    interventions.pause(registry["hourly"], by="ada", reason="the bank moves")
    interventions.override(registry["hourly"], arguments=[], by="bob")
    registry.clear()
    declared("each_hour", command="succeeds", schedule="0 0 * * * *")
    assert told() == [
        ("hourly", "job", "no such job", "paused. `manage.py resume hourly` ends it", "ada", "the bank moves"),
        ("hourly", "job", "no such job", "overridden. `manage.py override hourly --end` ends it", "bob", ""),
    ]
    call_command("resume", "hourly")
    call_command("override", "hourly", "--end")
    assert told() == []


def test_the_history_holds_what_has_ended(declared, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    call_command("drift", "--history")
    assert capsys.readouterr().out == "Nobody has paused or overridden a job.\n"
    declared("secretive", "--word", "x", command="succeeds", schedule="0 0 3 * * *", secrets=["--word"])
    an_override("secretive", began_at=at("01:00"), until=at("03:00"), arguments=["--word", "hidden"], time_zone="UTC")
    a_pause("gone", "bob", began_at=at("02:00"), ended_at=at("02:30"), ended_by="eve", reason="the bank moves")
    a_pause("hourly", began_at=at("04:00"))
    call_command("drift", "--history")
    heading, *rows = [line.split(maxsplit=1) for line in capsys.readouterr().out.splitlines()]
    assert " ".join(heading).split() == ["JOB", "WHAT", "BY", "SINCE", "UNTIL", "ENDED", "ENDED", "BY", "REASON"]
    assert [(job, " ".join(rest.split())) for job, rest in rows] == [
        ("hourly", "paused ada 2026-03-14 04:00 UTC – – – –"),
        ("gone", "paused bob 2026-03-14 02:00 UTC – 2026-03-14 02:30 UTC eve the bank moves"),
        (
            "secretive",
            "time zone UTC, arguments --word '********' ada 2026-03-14 01:00 UTC 2026-03-14 03:00 UTC "
            "2026-03-14 03:00 UTC itself –",
        ),
    ]


def test_programs_read_the_history_as_json(capsys):
    a_pause("gone", "bob", began_at=at("02:00"), ended_at=at("02:30"), ended_by="eve", reason="the bank moves")
    call_command("drift", "--history", "--format", "json")
    [row] = json.loads(capsys.readouterr().out)
    assert row == {
        "job": "gone", "kind": "pause", "what": "paused", "by": "bob", "reason": "the bank moves",
        "since": "2026-03-14T02:00:00Z", "until": None, "ended_at": "2026-03-14T02:30:00Z", "ended_by": "eve",
    }  # fmt: skip


def test_the_command_says_when_there_is_none(capsys):
    call_command("drift")
    assert capsys.readouterr().out == "Nothing differs from the code.\n"


def test_the_commands_override_and_show(capsys):
    call_command(
        "override", "nightly", "--schedule", "0 30 5 * * *", "--arguments", "--word 'rock salt'", "--until", "2h"
    )
    override = Intervention.objects.get()
    assert (override.by, override.arguments) == (operator(), ["--word", "rock salt"])
    assert capsys.readouterr().out.startswith("nightly is overridden until ")
    call_command("drift")
    heading, first, second = capsys.readouterr().out.splitlines()
    assert heading.split() == ["JOB", "WHAT", "DECLARED", "NOW", "BY", "UNTIL", "REASON"]
    assert "0 30 5 * * * Asia/Tokyo" in first
    assert "rock salt" in second
    call_command("override", "nightly", "--end")
    assert capsys.readouterr().out == "nightly uses its declaration again.\n"


def test_an_overridden_schedule_is_reported_in_words_with_what_may_not_be_meant(capsys):
    call_command("override", "nightly", "--schedule", "0 0 22-2 * * *")
    told = capsys.readouterr()
    assert told.out.splitlines() == [
        "nightly is overridden. `manage.py drift` shows how.",
        "Every hour from 02:00 to 22:00, Asia/Tokyo",
    ]
    assert told.err == (
        "The hour '22-2' is read as 2-22: reversed ranges are swapped and don't wrap around. "
        "Write 0-2,22-23 to wrap around, or 2-22.\n"
    )
    call_command("override", "hourly", "--arguments", "")
    assert capsys.readouterr().out == "hourly is overridden. `manage.py drift` shows how.\n"


def test_a_wrong_override_gets_one_sentence():
    with pytest.raises(CommandError, match=r"^Overridden by '0 0 0 30 2 \*', job 'nightly' would never be due: "):
        call_command("override", "nightly", "--schedule", "0 0 0 30 2 *")
    with pytest.raises(CommandError, match=r"^--until: '9+d' is not a time or duration\. Write a duration like"):
        call_command("override", "nightly", "--schedule", "0 30 5 * * *", "--until", f"{'9' * 5000}d")
    with pytest.raises(CommandError, match=r"^No job is declared as 'nightl'\."):
        call_command("override", "nightl", "--schedule", "0 30 5 * * *")
    with pytest.raises(CommandError, match="soon"):
        call_command("override", "nightly", "--schedule", "0 30 5 * * *", "--until", "soon")


@pytest.mark.parametrize(
    ("at", "moment", "shown"),
    [
        ("2126-03-31T02:30", "2126-03-31T01:30:00+00:00", "2126-03-31 03:30:00 CEST"),  # no such time: shifted
        ("2126-10-27T02:30", "2126-10-27T00:30:00+00:00", "2126-10-27 02:30:00 CEST"),  # twice: the first
        ("2126-10-27T02:30+01:00", "2126-10-27T01:30:00+00:00", "2126-10-27 02:30:00 CET"),
    ],
)
def test_a_moment_that_the_clock_jumps_over_or_shows_twice_is_the_hosts(declared, capsys, at, moment, shown):
    declared("early", command="succeeds", schedule="0 0 3 * * *", time_zone="Europe/Berlin")
    call_command("run", "--at", at, "early")
    run = Run.objects.get()
    assert run.not_before.isoformat() == moment
    assert capsys.readouterr().out == (
        f"Run {run.pk} of early is queued for {shown}. `manage.py cancel {run.pk}` cancels it.\n"
    )


def test_a_run_may_be_asked_for_at_a_moment(capsys):
    call_command("run", "--at", "2126-01-31T02:00", "nightly")
    run = Run.objects.get()
    assert run.not_before.isoformat() == "2126-01-30T17:00:00+00:00"
    assert capsys.readouterr().out == (
        f"Run {run.pk} of nightly is queued for 2126-01-31 02:00:00 JST. `manage.py cancel {run.pk}` cancels it.\n"
    )
    with pytest.raises(CommandError, match=r"^--at: 2020-01-31T02:00 has passed\."):
        call_command("run", "--at", "2020-01-31T02:00", "nightly")
