from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command

from jobs.ledger import states, timing
from jobs.management.operator import operator
from jobs.models import Event, Intervention, JobState

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def jobs(declared):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *", time_zone="Asia/Tokyo")
    declared("hourly", command="succeeds", schedule="0 0 * * * *")


def test_a_job_is_paused_by_who_typed_it(capsys):
    call_command("pause", "nightly", "--reason", "the bank moves")
    assert capsys.readouterr().out == "nightly is paused.\n"
    pause = Intervention.objects.get()
    assert (pause.job, pause.by, pause.reason) == ("nightly", operator(), "the bank moves")
    assert pause.until is None


@pytest.mark.parametrize(
    ("until", "duration"),
    [
        ("90s", timedelta(seconds=90)),
        ("30m", timedelta(minutes=30)),
        ("30min", timedelta(minutes=30)),
        ("2h", timedelta(hours=2)),
        ("1d12h", timedelta(hours=36)),
    ],
)
def test_a_pause_may_last(until, duration):
    call_command("pause", "nightly", "--until", until)
    assert abs(Intervention.objects.get().until - states.clock() - duration) < timedelta(seconds=60)


def test_a_pause_may_end_at_a_moment_by_the_jobs_clock(capsys):
    call_command("pause", "nightly", "--until", "2126-01-31T02:00")
    assert Intervention.objects.get().until.isoformat() == "2126-01-30T17:00:00+00:00"
    assert capsys.readouterr().out == "nightly is paused until 2126-01-31 02:00 Asia/Tokyo.\n"


@pytest.mark.parametrize("until", ["soon", "2", "2126-01-31", "99999999999d", "-2h"])
def test_an_end_that_is_none_gets_one_sentence(until):
    with pytest.raises(CommandError) as error:
        call_command("pause", "nightly", f"--until={until}")
    assert str(error.value) == (
        f"--until: {until!r} is not a time or duration. Write a duration like 30m, 2h or 3d, or a time like "
        "2026-01-31T02:00."
    )


def test_an_end_that_has_passed_is_refused():
    with pytest.raises(CommandError) as error:
        call_command("pause", "nightly", "--until", "2026-01-31T02:00Z")
    assert str(error.value) == (
        "The pause of job 'nightly' would end at 2026-01-31T02:00:00+00:00, which has passed. "
        "Give an end that lies ahead."
    )
    assert not Event.objects.exists()


def test_a_job_that_is_paused_already_doesnt_keep_others_from_it():
    call_command("pause", "nightly", "--reason", "the bank moves")
    with pytest.raises(CommandError) as error:
        call_command("pause", "nightly", "hourly")
    assert str(error.value) == (
        f"Job 'nightly' is paused already, by {operator()}: the bank moves. Resume it first, or leave it so."
    )
    assert Intervention.objects.open().count() == 2


def test_all_jobs_are_paused_and_resumed(capsys):
    call_command("pause", "--all")
    assert capsys.readouterr().out == "nightly is paused.\nhourly is paused.\n"
    call_command("resume", "nightly")
    call_command("resume", "--all")
    assert capsys.readouterr().out == "nightly is resumed.\nhourly is resumed.\n"
    assert not Intervention.objects.open().exists()


def test_a_job_that_isnt_paused_cant_be_resumed():
    with pytest.raises(CommandError) as error:
        call_command("resume", "nightly")
    assert str(error.value) == "Job 'nightly' is not paused. `manage.py drift` lists the jobs that are."


@pytest.mark.parametrize("command", ["pause", "resume"])
@pytest.mark.parametrize("words", [[], ["nightly", "--all"]])
def test_either_jobs_are_named_or_all_are_meant(command, words):
    with pytest.raises(CommandError) as error:
        call_command(command, *words)
    assert str(error.value) == "Give the names of jobs, or --all. `manage.py jobs` lists them."


@pytest.mark.parametrize("command", ["pause", "resume"])
def test_an_unknown_job_is_reported_before_anything_is_done(command):
    with pytest.raises(CommandError) as error:
        call_command(command, "nightly", "hurly")
    assert str(error.value) == "No job is declared as 'hurly'. `manage.py jobs` lists them; did you mean 'hourly'?"
    assert not JobState.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_job_that_another_session_has_locked_gets_one_sentence(locked, monkeypatch):
    monkeypatch.setattr(timing, "LOCK_WAIT", timedelta(seconds=0.1))
    call_command("pause", "nightly")
    row = "SELECT FROM nightshift_jobstate WHERE job = 'nightly' FOR UPDATE"
    with locked(row), pytest.raises(CommandError) as error:
        call_command("resume", "nightly")
    assert str(error.value).startswith("The database is there, but another session holds a lock")
    assert Intervention.objects.get().job == "nightly"
