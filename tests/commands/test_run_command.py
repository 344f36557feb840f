import json
import os
import re
import signal
import subprocess
import sys
import threading
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command

from jobs.choices import Status, Trigger
from jobs.commandline.verbs.run import split
from jobs.management.operator import operator
from jobs.models import Run
from tests.helpers.beside import Project
from tests.helpers.processes import until
from tests.helpers.rows import a_run, an_attempt, output_text


@pytest.fixture
def run_by_hand(worker, capfdbinary):
    """Run a job by hand. Gives what was printed, and what was told beside it."""

    def run(*words):
        told = StringIO()
        call_command("run", *words, stdout=told, stderr=told)
        return capfdbinary.readouterr().out, told.getvalue()

    return run


@pytest.mark.parametrize(
    ("words", "job", "arguments", "own"),
    [
        ("job", "job", None, ""),
        ("job --days 3", "job", "--days 3", ""),
        ("job --days 3 --detach", "job", "--days 3", "--detach"),
        ("job --detach --follow", "job", None, "--detach --follow"),
        ("job --wait file", "job", "file", "--wait"),
        ("job --", "job", "", ""),
        ("job -- --detach", "job", "--detach", ""),
        ("job file -- --wait", "job", "file -- --wait", ""),
    ],
)
def test_what_follows_the_job_is_the_jobs(words, job, arguments, own):
    typed = split(words.split())
    assert (typed.job, typed.own) == (job, {*own.split()})
    assert typed.arguments == (None if arguments is None else arguments.split())


def test_a_job_is_run_here_and_its_output_is_shown(run_by_hand, declared):
    declared("nightly", "--word", "bread", command="succeeds")
    printed, told = run_by_hand("nightly")
    run = Run.objects.get()
    assert (run.status, run.trigger, run.requested_by) == (Status.SUCCEEDED, Trigger.MANUAL, operator())
    assert (run.scheduled_for, run.arguments, run.result) == (None, ["--word", "bread"], "bread")
    assert printed == b"bread\n"
    assert re.fullmatch(rf"Run {run.pk} of nightly succeeded in [\d.]+ s\.\n", told)


def test_arguments_take_the_place_of_the_declared_ones(run_by_hand, declared):
    declared("nightly", "--word", "bread", command="succeeds")
    printed, _ = run_by_hand("nightly", "--word", "salt")
    assert printed == b"salt\n"
    assert Run.objects.get().arguments == ["--word", "salt"]


def test_two_dashes_alone_run_it_without_arguments(run_by_hand, declared):
    declared("nightly", "--word", "bread", command="succeeds")
    printed, _ = run_by_hand("nightly", "--")
    assert printed == b"done\n"


def test_it_ends_with_the_commands_exit_code(run_by_hand, declared):
    declared("nightly", "3", command="exits")
    with pytest.raises(CommandError) as error:
        run_by_hand("nightly")
    run = Run.objects.get()
    assert str(error.value) == f"Run {run.pk} of nightly failed: The command ended with exit code 3."
    assert error.value.returncode == 3


def test_a_run_that_timed_out_says_so(run_by_hand, declared):
    declared("nightly", "60", command="sleeps", timeout=timedelta(seconds=0.5))
    with pytest.raises(CommandError) as error:
        run_by_hand("nightly")
    run = Run.objects.get()
    assert str(error.value) == f"Run {run.pk} of nightly timed out. Stopped at its timeout of 0:00:00.500000."


def test_a_command_that_crashed_has_no_exit_code_and_ends_with_1(run_by_hand, declared):
    declared("nightly", command="crashes")
    with pytest.raises(CommandError, match=r"^Run \d+ of nightly failed: Crashed with SIGSEGV: ") as error:
        run_by_hand("nightly")
    assert error.value.returncode == 1


def test_a_failed_attempt_says_when_it_is_tried_again(run_by_hand, declared):
    declared("nightly", command="fails", retries=1)
    with pytest.raises(CommandError) as error:
        run_by_hand("nightly")
    run = Run.objects.get()
    told, _, again = str(error.value).partition(" It is retried at ")
    assert told == f"Attempt 1 of run {run.pk} of nightly failed: {run.error}"
    # Near midnight that is on another day, and the day is told too.
    assert again in {f"{run.not_before:%H:%M:%S}.", f"{run.not_before:%Y-%m-%d %H:%M}."}
    assert run.status == Status.QUEUED


def test_a_run_that_is_in_the_way_is_named(run_by_hand, declared):
    declared("nightly", command="succeeds")
    other = a_run(status="running")
    with pytest.raises(CommandError) as error:
        run_by_hand("nightly")
    run = Run.objects.latest("id")
    assert str(error.value) == (
        f"Run {run.pk} of nightly was skipped. Run {other.pk} of nightly was in its way (overlap='skip')."
    )


def test_a_run_that_has_to_wait_is_left_to_the_host(run_by_hand, declared):
    declared("nightly", command="succeeds", overlap="queue")
    other = a_run(status="running", started_at=datetime(2026, 3, 14, 3, tzinfo=UTC))
    _, told = run_by_hand("nightly")
    run = Run.objects.latest("id")
    assert run.status == Status.QUEUED
    assert told == (
        f"Run {run.pk} of nightly is queued: run {other.pk} of the job, running since "
        "Sat 2026-03-14 03:00:00 +00:00, must end first. The host starts it then.\n"
    )


def test_detached_it_is_only_asked_for(run_by_hand, declared):
    declared("nightly", command="succeeds")
    _, told = run_by_hand("--detach", "nightly")
    run = Run.objects.get()
    assert run.status == Status.QUEUED
    assert told == f"Run {run.pk} of nightly is queued. `manage.py follow {run.pk}` shows what it writes.\n"


def test_arguments_that_the_command_refuses_make_no_run(run_by_hand, declared):
    declared("nightly", command="succeeds")
    with pytest.raises(CommandError) as error:
        run_by_hand("nightly", "--wurd", "salt")
    assert str(error.value) == "nightly doesn't accept these arguments: unrecognized arguments: --wurd salt"
    assert not Run.objects.exists()


def test_a_job_that_is_not_declared_is_named(run_by_hand, declared):
    declared("nightly", command="succeeds")
    with pytest.raises(CommandError) as error:
        run_by_hand("nigthly")
    assert str(error.value) == ("No job is declared as 'nigthly'. `manage.py jobs` lists them; did you mean 'nightly'?")


@pytest.mark.parametrize("word", ["bad\udcff", "a\0b"])
def test_an_argument_that_is_no_text_is_refused_and_nothing_is_started(db, declared, word):
    declared("succeeds")
    with pytest.raises(CommandError) as error:
        call_command("run", "succeeds", "--word", word)
    assert str(error.value) == (
        f"succeeds doesn't accept these arguments: {word!r} is not UTF-8 text, or holds a NUL. Write it in UTF-8."
    )
    assert not Run.objects.exists()


@pytest.mark.parametrize(("surroundings", "result"), [({}, "é"), ({"PYTHONUTF8": "0"}, None)])
def test_an_accent_in_the_c_locale_arrives_or_is_refused(
    database_url, transactional_db, tmp_path, surroundings, result
):
    """Python reads UTF-8 in the C locale, unless PYTHONUTF8=0 forbids it."""
    done = Project(tmp_path, database_url).manage("run", "succeeds", "--word", "é", LC_ALL="C", **surroundings)
    assert [run.result for run in Run.objects.all()] == [result] * bool(result)
    if result is None:
        assert done.returncode == 1
        assert done.stderr == (
            "CommandError: succeeds doesn't accept these arguments: '\\udcc3\\udca9' is not UTF-8 text, or holds a "
            "NUL. Write it in UTF-8.\n"
        )


def test_a_reason_that_is_no_text_is_refused(db, declared):
    declared("succeeds")
    with pytest.raises(CommandError, match=r"is not UTF-8 text\. Write it in UTF-8\.$"):
        call_command("pause", "succeeds", "--reason", "bad\udcff")


def test_a_job_has_to_be_named():
    with pytest.raises(CommandError) as error:
        call_command("run", "--detach")
    assert str(error.value) == "Give a job's name: `manage.py run clearsessions`. `manage.py jobs` lists them."


def test_ctrl_c_cancels_the_run(run_by_hand, declared):
    declared("nightly", command="ends_politely")

    def interrupt_once_it_runs():
        until(lambda: Run.objects.filter(status=Status.RUNNING, attempts__output__isnull=False).exists())
        os.kill(os.getpid(), signal.SIGINT)

    impatient = threading.Thread(target=interrupt_once_it_runs)
    impatient.start()
    with pytest.raises(CommandError) as ended:
        run_by_hand("nightly")
    impatient.join()
    assert ended.value.returncode == 130  # of a command that Ctrl-C ended, for a shell
    run = Run.objects.get()
    assert (run.status, run.cancelled_by) == (Status.CANCELLED, operator())
    assert output_text(run.attempts.get()) == "at work\ntidied up\n"


def test_a_process_of_its_own_shows_output_and_exit_code(database_url, transactional_db):
    done = subprocess.run(
        [sys.executable, "manage.py", "run", "clearsessions", "--traceback"], capture_output=True, text=True
    )
    run = Run.objects.get()
    assert (done.returncode, done.stdout, run.arguments) == (0, "", ["--traceback"])
    assert f"Run {run.pk} of clearsessions succeeded in " in done.stderr


def test_a_closed_stdout_is_no_failure(database_url, transactional_db):
    done = subprocess.run(
        f"{sys.executable} manage.py run clearsessions >&-", shell=True, stderr=subprocess.PIPE, text=True
    )
    run = Run.objects.get()
    assert (done.returncode, run.status) == (0, Status.SUCCEEDED), done.stderr
    assert f"Run {run.pk} of clearsessions succeeded in " in done.stderr


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_terminal_that_is_closed_cancels_the_run(database_url, transactional_db, number):
    """What it says of it goes nowhere: nobody is there to read."""
    reader, theirs = os.pipe()
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run", "sleeps", "60"], stdout=theirs, stderr=theirs, start_new_session=True
    )
    os.close(theirs)
    until(lambda: Run.objects.filter(status=Status.RUNNING, attempts__output__isnull=False).exists(), 60)
    os.close(reader)
    process.send_signal(number)
    process.wait(30)
    assert Run.objects.get().status == Status.CANCELLED


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_though_nobody_reads_what_it_shows(database_url, transactional_db, number):
    """The run has ended, and its output is more than a pipe holds."""
    code = (
        "from jobs import declare; from django.core.management import call_command;"
        "declare('zoo', 'lines', '--lines', '20000', command='writes'); call_command('run', 'zoo')"
    )
    with subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        env=os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings"},
    ) as process:
        until(lambda: Run.objects.filter(status=Status.SUCCEEDED).exists(), 60)
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(1)
        process.send_signal(number)
        try:
            process.wait(30)
        finally:
            process.kill()


@pytest.mark.parametrize("number", [signal.SIGHUP, signal.SIGTERM])
def test_a_signal_leaves_no_user_of_the_embedded_postgresql_behind(number):
    environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"} | {"LOCAL": "1"}
    code = "from django.db import connection as c; c.ensure_connection(); print('there', flush=True); input()"
    process = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout.readline() == "there\n"
    users = Path(settings.BASE_DIR) / ".local/postgres/.handle_pids.json"
    assert process.pid in json.loads(users.read_text())
    process.send_signal(number)
    process.communicate(timeout=30)
    assert process.returncode == 128 + number
    assert not users.exists() or process.pid not in json.loads(users.read_text())


def test_waiting_shows_how_it_ended_and_nothing_of_what_it_wrote(run_by_hand, declared):
    declared("nightly", "--word", "bread", command="succeeds")
    printed, told = run_by_hand("nightly", "--wait")
    assert (printed, " of nightly succeeded in " in told) == (b"", True)
    with pytest.raises(CommandError, match="Give --follow or --wait, not both"):
        run_by_hand("--follow", "nightly", "--wait")


@pytest.mark.parametrize("how", ["--follow", "--wait"])
def test_a_retry_is_waited_for_where_that_is_asked(how, run_by_hand, declared, monkeypatch):
    declared("nightly", command="fails", retries=1)

    def retried(seconds):
        run = Run.objects.get()
        if run.status == Status.QUEUED:
            an_attempt(run, 2, "failed", exit_code=7, written=[b"again"])
            Run.objects.update(status="failed", attempt=2, finished_at=run.not_before, error="It failed again.")

    monkeypatch.setattr("jobs.commandline.following.time.sleep", retried)
    with pytest.raises(CommandError, match="failed: It failed again") as error:
        run_by_hand("nightly", how)
    assert error.value.returncode == 7


@pytest.mark.parametrize(("how", "shown"), [("--follow", b"bread\n"), ("--wait", b"")])
def test_what_the_host_executes_is_followed(how, shown, run_by_hand, declared, monkeypatch, worker):
    declared("nightly", "--word", "bread", command="succeeds")

    def execute(seconds):
        run = Run.objects.get()
        if run.status == Status.QUEUED:
            an_attempt(run, 1, "succeeded", exit_code=0, written=[b"bread\n"])
            Run.objects.update(status="succeeded", attempt=1, started_at=run.created_at, finished_at=run.created_at)

    monkeypatch.setattr("jobs.commandline.following.time.sleep", execute)
    printed, told = run_by_hand("--detach", how, "nightly")
    run = Run.objects.get()
    assert printed == shown
    assert told.splitlines() == [
        f"Run {run.pk} of nightly is queued. `manage.py follow {run.pk}` shows what it writes.",
        f"Run {run.pk} of nightly is queued.",
        f"Run {run.pk} of nightly succeeded in 0 s.",
    ]
