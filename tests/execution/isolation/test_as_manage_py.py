"""A command ends in a run as `manage.py COMMAND ARGS </dev/null` ends it."""

import json
import os
import subprocess
import sys

import pytest

from jobs.choices import Status
from jobs.ledger import triggers
from jobs.models import Attempt
from tests.helpers.rows import output_text


@pytest.fixture
def execute(worker, declared):
    def execute_command(command, *arguments):
        declared("zoo", *arguments, command=command)
        run = triggers.request("zoo", requested_by="a test", ring=False)
        worker.execute(run.pk)
        run.refresh_from_db()
        attempt = Attempt.objects.get(run=run)
        return run, attempt, output_text(attempt)

    return execute_command


def by_manage_py(*words):
    return subprocess.run(
        [sys.executable, "manage.py", *words], stdin=subprocess.DEVNULL, capture_output=True, text=True, env=os.environ
    )


def test_it_finds_the_command_line_of_manage_py(execute):
    run, _, _ = execute("argv", "one", "--no-color", "--pythonpath=/tmp")
    assert run.status == Status.SUCCEEDED, run.error
    found = json.loads(run.result)
    assert found == {
        "argv": ["manage.py", "argv", "one", "--no-color", "--pythonpath=/tmp"],
        "path": "/tmp",
        "colour": False,
        "from_command_line": True,
    }


def test_colour_may_be_forced(execute):
    run, _, _ = execute("argv", "--force-color")
    assert '"colour": true' in run.result


def test_a_run_from_argv_of_its_own_is_used(execute):
    run, attempt, output = execute("clicks", "5")
    assert (run.status, attempt.exit_code, output) == (Status.FAILED, 5, "Error: no such account\n")


def test_a_refusal_is_printed_as_manage_py_prints_it(execute):
    run, attempt, output = execute("reporter", "refusal")
    assert (run.error, attempt.exit_code) == ("no rates today", 4)
    assert output == "CommandError: no rates today\nsent []\n"


def test_a_refusal_with_traceback_is_an_exception(execute):
    run, attempt, output = execute("reporter", "refusal", "--traceback")
    assert (run.error, attempt.exit_code) == ("no rates today", 1)
    assert "Traceback" in output


@pytest.mark.parametrize(
    ("error", "sent", "code", "sentence"),
    [
        ("exception", "['ValueError']", 1, "ValueError: the third row is wrong"),
        ("exit", "[]", 3, "The command ended with exit code 3."),
        ("interrupt", "['KeyboardInterrupt']", 130, "The command was interrupted: KeyboardInterrupt was raised in it."),
    ],
)
def test_an_error_reporter_gets_what_nobody_caught_and_sends_it_before_the_end(execute, error, sent, code, sentence):
    run, attempt, output = execute("reporter", error)
    assert (run.error, attempt.exit_code) == (sentence, code)
    assert output.endswith(f"sent {sent}\n")
    assert output.count("Traceback (most recent call last):") == len(sent.split()) - (sent == "[]")


def test_a_broken_error_reporter_hides_nothing(execute):
    run, attempt, output = execute("reporter", "exception", "--broken")
    assert (run.error, attempt.exit_code) == ("ValueError: the third row is wrong", 1)
    assert "Error in sys.excepthook: RuntimeError: the reporter is broken" in output
    assert "ValueError: the third row is wrong" in output


@pytest.mark.parametrize("how", ["input", "getpass"])
def test_a_command_that_asks_learns_that_nobody_answers(execute, how):
    run, _, _ = execute("asks", how)
    assert run.error == "The command asked for input, and a run has none. Add --noinput to its arguments."


def test_another_end_of_a_file_is_another_error(execute):
    run, _, _ = execute("asks", "pickle")
    assert run.error == "EOFError: Ran out of input"


@pytest.mark.parametrize("way", ["basic", "level", "own", "root"])
def test_what_it_logs_is_what_cron_shows_once_it_says_where(execute, way):
    _, _, output = execute("logs", way)
    cron = by_manage_py("logs", way)
    assert sorted(output.splitlines()) == sorted((cron.stdout + cron.stderr).splitlines())


def test_what_it_logs_is_shown_from_info_on_where_it_doesnt_say(execute):
    _, _, output = execute("logs", "not")
    assert output == "WARNING zoo: a warning\nINFO zoo: some information\n"
    assert by_manage_py("logs", "not").stderr == "a warning\n"
