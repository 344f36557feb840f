"""The zoo: every way in which a command may end, each in the right status, and the next run is fine."""

import json
import os
import time
from datetime import timedelta

import pytest

from jobs.choices import Status
from jobs.ledger import timing
from jobs.ledger.endings import cancel
from jobs.models import Run
from tests.helpers.processes import is_alive
from tests.helpers.rows import output_text

pytestmark = pytest.mark.usefixtures("the_next_run_is_fine")
SHORT = timedelta(seconds=1.5)


def test_a_command_that_returns_has_succeeded(execute):
    run, attempt = execute("succeeds", "--word", "bread")
    assert run.status == Status.SUCCEEDED
    assert run.result == "bread"
    assert output_text(attempt).split() == ["to", "stderr", "bread"]
    assert (attempt.exit_code, attempt.signal, attempt.error) == (0, "", "")


def test_the_receipt_is_complete(execute):
    _, attempt = execute("tells")
    assert attempt.wall > timedelta(seconds=1.5)
    assert timedelta(0) < attempt.cpu < attempt.wall
    assert 10 * 2**20 < attempt.peak_memory < 2**30
    assert attempt.sql_statements == 3
    assert attempt.instance
    assert attempt.supervisor.split("/")[1] == str(os.getpid())


def test_progress_and_result_are_on_the_run(execute):
    run, attempt = execute("tells")
    assert run.result == {"imported": 3}
    assert (run.progress["done"], run.progress["total"], run.progress["message"]) == (3, 3, "rows")
    assert 1 < run.progress["rate"] < 2
    assert json.loads(output_text(attempt).splitlines()[-1]) == {"job": "zoo", "attempt": 1, "trigger": "manual"}


@pytest.mark.parametrize("code", [1, 3, 255])
@pytest.mark.parametrize("at_once", [[], ["--at-once"]])
def test_an_exit_code_is_kept(execute, code, at_once):
    run, attempt = execute("exits", str(code), *at_once)
    assert run.status == Status.FAILED
    assert attempt.exit_code == code
    assert attempt.error == f"The command ended with exit code {code}."
    assert output_text(attempt) == "last words\n"


def test_a_sentence_given_to_sys_exit_is_the_error(execute):
    run, attempt = execute("exits", "no rates today")
    assert (run.status, run.error, attempt.exit_code) == (Status.FAILED, "no rates today", 1)
    assert output_text(attempt) == "last words\nno rates today\n"


def test_an_exit_with_code_0_is_success(execute):
    run, _ = execute("exits", "0")
    assert run.status == Status.SUCCEEDED


def test_an_exception_is_reported_with_its_traceback(execute):
    run, attempt = execute("fails")
    assert run.status == Status.FAILED
    assert run.error == "ValueError: the third row is wrong"
    text = output_text(attempt)
    assert text.startswith("Traceback (most recent call last):\n")
    assert "fails.py" in text
    assert "jobs/isolation" not in text, "our own frames tell a reader nothing"


def test_an_exception_whose_text_cant_be_printed_is_reported_too(execute):
    run, _ = execute("fails", "--unprintable")
    assert run.status == Status.FAILED
    assert run.error == "Unprintable: its text can't be printed"


def test_an_error_of_any_length_is_kept_to_a_bound(execute):
    run, attempt = execute("fails", "--letters", str(32 * 2**20))
    assert attempt.error == f"ValueError: {'E' * 7988} … (cut after 8,000 characters)"
    assert run.error == f"ValueError: {'E' * 988} … (cut after 1,000 characters)"


@pytest.mark.parametrize(
    "line", ["42", "[" * 3000 + "]" * 3000, '{"end": {"error": 7, "result": {"a": []}}}', "9" * 6000]
)
def test_a_line_of_any_kind_among_the_reports_ends_no_run_otherwise(execute, line):
    run, _ = execute("reports", f"--raw={line}")
    assert (run.status, run.error, run.result) == (Status.SUCCEEDED, "", None)


@pytest.mark.parametrize("what", ["deep", "very_deep", "unprintable", "huge", "long_message"])
def test_a_report_of_any_kind_ends_no_run_otherwise(execute, what):
    run, attempt = execute("reports", what)
    assert (run.status, run.error, attempt.exit_code) == (Status.SUCCEEDED, "", 0)
    assert run.result is None or run.result.startswith("The result was left out: ")
    assert len(run.progress["message"]) < 1100


@pytest.mark.parametrize("at", ["jobs.execution.reports.Reports.take", "jobs.masking.of_environment"])
def test_a_run_ends_at_once_where_its_supervisor_fails_or_cant_begin(execute, monkeypatch, at):
    def fail(*_):
        raise TypeError("unheard of")

    with monkeypatch.context() as patch:
        patch.setattr(at, fail)
        run, attempt = execute("succeeds")
    assert (run.status, attempt.status) == (Status.FAILED, "failed")
    assert run.error == "Its supervisor failed with TypeError, which is a fault of Nightshift: the worker's log has it."


def test_a_run_whose_result_the_database_refuses_ends_as_it_ended(execute, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("jobs.execution.reports.clean", lambda value, *_: "NUL \x00")
        run, attempt = execute("succeeds")
    assert (run.status, attempt.exit_code, run.result) == (Status.SUCCEEDED, 0, None)
    assert run.error == "The database refused what the run reported: DataError."


@pytest.mark.parametrize(
    ("signal", "sentence"),
    [
        ("SIGSEGV", "Crashed with SIGSEGV: the fault is in compiled code, a library's or Python's."),
        ("SIGABRT", "Crashed with SIGABRT: the fault is in compiled code, a library's or Python's."),
        ("SIGKILL", "Killed by SIGKILL. The system does that to the largest process when memory runs out."),
        ("SIGUSR1", "Ended by SIGUSR1."),
    ],
)
def test_a_signal_is_kept_with_what_was_said_before(execute, signal, sentence):
    run, attempt = execute("crashes", signal)
    assert run.status == Status.FAILED
    assert (attempt.exit_code, attempt.signal) == (None, signal)
    assert run.error == sentence
    assert output_text(attempt) == "before the crash"


def test_a_gibibyte_of_memory_is_measured(execute):
    run, attempt = execute("eats_memory", "1024")
    assert run.status == Status.SUCCEEDED
    assert attempt.peak_memory > 2**30


@pytest.mark.parametrize("what", ["forks", "daemon", "shell"])
def test_nothing_that_it_started_outlives_a_run(execute, what):
    run, attempt = execute("spawns", what)
    assert run.status == Status.SUCCEEDED
    processes = [int(line) for line in output_text(attempt).splitlines() if line.isdecimal()]
    assert len(processes) == {"forks": 3, "daemon": 1, "shell": 1}[what]
    assert not [process for process in processes if is_alive(process)]


def test_processes_that_a_run_left_behind_are_named_in_its_output(execute):
    _, attempt = execute("spawns", "shell")
    assert output_text(attempt).endswith("[1 background process ended with it: sleep 60]\n")


def test_a_timeout_ends_a_run_and_is_no_failure_of_the_command(execute):
    run, attempt = execute("sleeps", "60", timeout=SHORT)
    assert run.status == Status.TIMED_OUT
    assert run.error == "Stopped at its timeout of 0:00:01.500000."
    assert attempt.wall < timedelta(seconds=6)
    assert output_text(attempt) == "asleep\n"


def test_a_command_that_is_deaf_to_sigterm_is_killed_after_its_grace(execute):
    run, attempt = execute("ignores_sigterm", timeout=SHORT, grace=SHORT)
    assert run.status == Status.TIMED_OUT
    assert attempt.signal == "SIGKILL"
    assert timedelta(seconds=3) <= attempt.wall < timedelta(seconds=8)


def test_a_loop_in_c_that_holds_the_gil_is_killed_after_its_grace(execute):
    run, attempt = execute("hogs_the_gil", timeout=SHORT, grace=SHORT)
    assert run.status == Status.TIMED_OUT
    assert attempt.signal == "SIGKILL"
    assert output_text(attempt) == "in C\n"


def test_a_command_that_asks_may_tidy_up(execute):
    run, attempt = execute("ends_politely", timeout=SHORT)
    assert run.status == Status.TIMED_OUT
    assert output_text(attempt) == "at work\ntidied up\n"


def test_a_thread_may_end_its_work_before_the_run_ends(execute):
    run, attempt = execute("leaves_a_thread", "0.3")
    assert run.status == Status.SUCCEEDED
    assert output_text(attempt) == "returned\nthe thread is done\n"


def test_a_thread_that_never_ends_runs_into_the_timeout(execute):
    run, _ = execute("leaves_a_thread", "60", timeout=SHORT, grace=SHORT)
    assert run.status == Status.TIMED_OUT


def test_a_megabyte_without_an_end_of_line_is_kept(execute):
    run, attempt = execute("writes", "megabytes")
    assert run.status == Status.SUCCEEDED
    assert output_text(attempt) == "m" * 2**20
    assert attempt.output_bytes == 2**20


def test_bytes_that_are_no_text_are_kept_as_they_are(execute):
    run, attempt = execute("writes", "binary")
    assert run.status == Status.SUCCEEDED
    assert bytes(attempt.output.get().body) == bytes(range(256))


def test_stdin_is_empty(execute):
    run, attempt = execute("writes", "stdin")
    assert run.status == Status.SUCCEEDED
    assert output_text(attempt) == "''\n"


def test_a_closed_stdout_is_no_failure(execute):
    run, _ = execute("writes", "closed")
    assert run.status == Status.SUCCEEDED


def test_the_two_streams_keep_their_order_and_their_names(execute):
    _, attempt = execute("writes", "streams")
    assert output_text(attempt) == "out 0\nerr 0\nout 1\nerr 1\nout 2\nerr 2\n"
    piece = attempt.output.get()
    spans = list(zip(piece.stderr[::2], piece.stderr[1::2], strict=True))
    assert b"".join(bytes(piece.body)[start:end] for start, end in spans) == b"err 0\nerr 1\nerr 2\n"


def test_of_too_much_output_head_and_tail_are_kept(execute):
    _, attempt = execute("writes", "lines", "--lines", "200000", output_limit=256 * 1024)
    text = output_text(attempt)
    assert attempt.output_bytes == 200_000 * len("line 0000000\n")
    assert text.startswith("line 0000000\nline 0000001\n")
    assert text.endswith("line 0199999\n")
    assert f"[… {attempt.output_dropped:,} bytes were dropped here …]" in text
    assert len(text.encode()) < 450_000


def test_a_secret_argument_is_masked_where_it_straddles_two_writes(execute):
    _, attempt = execute("writes", "secret", "--token", "s3cret-of-the-month", secrets=["--token"])
    assert output_text(attempt) == "********"


def test_a_secret_of_the_environment_is_masked(execute, monkeypatch):
    monkeypatch.setenv("BANK_API_KEY", "hunter2hunter2")
    _, attempt = execute("succeeds", "--word", "the key is hunter2hunter2.")
    assert "the key is ********." in output_text(attempt)


def test_an_unknown_command_fails_with_its_reason(execute):
    run, _ = execute("no_such_command")
    assert run.status == Status.FAILED
    assert run.error == "Unknown command: 'no_such_command'"


def test_a_running_run_is_cancelled_at_once(running):
    run, thread = running("sleeps", "60")
    began = time.monotonic()
    assert cancel(run.pk, "ada") is Status.RUNNING
    thread.join(10)
    assert time.monotonic() - began < 2
    run.refresh_from_db()
    assert (run.status, run.error, run.cancelled_by) == (Status.CANCELLED, "Cancelled while it ran.", "ada")


def test_a_run_that_its_fence_ended_is_lost_by_its_own_supervisor(running, worker, monkeypatch):
    """No heartbeat gets through, and the database is there again for the end."""
    run, thread = running("sleeps", "60")
    with monkeypatch.context() as patch:
        patch.setattr(timing, "FENCE", timedelta(0))
        [supervisor] = worker.supervisors
        supervisor.wake()
        thread.join(20)
    run.refresh_from_db()
    assert (run.status, run.error) == (
        Status.LOST,
        "No heartbeat reached the database for too long: it was killed before another attempt could start.",
    )


def test_a_run_that_another_declared_lost_is_killed_and_changes_nothing(running, monkeypatch):
    monkeypatch.setattr(timing, "HEARTBEAT", timedelta(seconds=0.2))
    run, thread = running("sleeps", "60")
    Run.objects.filter(pk=run.pk).update(status=Status.LOST, finished_at="2026-01-01T00:00Z", lease_expires_at=None)
    thread.join(10)
    run.refresh_from_db()
    assert (run.status, run.error) == (Status.LOST, "")


def test_a_secret_of_the_environment_may_be_no_text(execute, monkeypatch):
    monkeypatch.setitem(os.environb, b"BANK_API_KEY", b"hunter\xff\xfe2")
    run, _ = execute("succeeds")
    assert run.status == Status.SUCCEEDED
