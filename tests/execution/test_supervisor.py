"""The zoo: every way in which a command may end, each in the right status, and the next run is fine."""

import json
import os
import resource
import threading
import time
from datetime import timedelta

import pytest
from django.db import OperationalError, connection

from jobs.choices import AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.execution.isolation import client
from jobs.execution.output import Piece
from jobs.execution.writer import writer
from jobs.ledger import claims, finishing, instance, progress, states, timing, triggers
from jobs.ledger.endings import cancel
from jobs.models import Attempt, Run
from jobs.reading.explain import explain
from tests.helpers.processes import is_alive, until
from tests.helpers.rows import a_run, output_text

SHORT = timedelta(seconds=1.5)


@pytest.fixture
def execute(worker, declared):
    """Declare a job for a command of the zoo, run it, and give its run and attempt."""
    client.server.start()  # a short timeout is for the command

    def execute_command(command, *arguments, **rules):
        declared("zoo", *arguments, command=command, **rules)
        run = triggers.request("zoo", requested_by="a test", ring=False)
        worker.execute(run.pk)
        run.refresh_from_db()
        return run, Attempt.objects.get(run=run, number=run.attempt)

    return execute_command


@pytest.fixture(autouse=True)
def the_next_run_is_fine(request, worker, declared):
    yield
    declared("fine", command="succeeds")
    run = triggers.request("fine", requested_by="a test", ring=False)
    assert worker.execute(run.pk) is Status.SUCCEEDED


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


def test_an_exception_is_told_with_its_traceback(execute):
    run, attempt = execute("fails")
    assert run.status == Status.FAILED
    assert run.error == "ValueError: the third row is wrong"
    text = output_text(attempt)
    assert text.startswith("Traceback (most recent call last):\n")
    assert "fails.py" in text
    assert "jobs/isolation" not in text, "our own frames tell a reader nothing"


def test_an_exception_whose_text_cant_be_printed_is_told_too(execute):
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


def test_a_run_ends_at_once_where_its_supervisor_fails(execute, monkeypatch):
    def fail(*_):
        raise TypeError("unheard of")

    with monkeypatch.context() as patch:
        patch.setattr("jobs.execution.reports.Reports.take", fail)
        run, attempt = execute("succeeds")
    assert (run.status, attempt.status) == (Status.FAILED, "failed")
    assert run.error == "Its supervisor failed with TypeError, which is a fault of Nightshift: the worker's log has it."


def test_a_run_ends_at_once_where_its_supervisor_cant_begin(execute, monkeypatch):
    def fail(*_):
        raise TypeError("unheard of")

    with monkeypatch.context() as patch:
        patch.setattr("jobs.masking.of_environment", fail)
        run, attempt = execute("succeeds")
    assert (run.status, attempt.status) == (Status.FAILED, "failed")
    assert "TypeError" in run.error


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


@pytest.fixture
def running(worker, declared):
    """Start a command of the zoo in a thread; gives the run once it has spoken, and the thread."""
    threads = []

    def start(command, *arguments, **rules):
        declared("zoo", *arguments, command=command, **rules)
        run = triggers.request("zoo", requested_by="a test", ring=False)
        thread = threading.Thread(target=worker.execute, args=[run.pk])
        thread.start()
        threads.append(thread)
        until(lambda: Attempt.objects.filter(run=run, output__isnull=False).exists())
        return run, thread

    yield start
    for thread in threads:
        thread.join(20)
        assert not thread.is_alive()


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


def test_a_shutdown_interrupts_a_run_and_puts_it_back(running, worker):
    run, thread = running("sleeps", "60", retries=1)
    worker.shut_down(timedelta(0), timedelta(seconds=1))
    thread.join(10)
    worker.open_again()
    run.refresh_from_db()
    assert (run.status, run.failures) == (Status.QUEUED, 0)
    attempt = run.attempts.get()
    assert attempt.status == "interrupted"
    assert attempt.error == "The worker shut down under it: it may have done all or part of its work."
    assert attempt.error in explain(registry["zoo"]).text
    Run.objects.all().delete()


def test_a_shutdown_fails_a_run_that_must_not_be_started_twice(running, worker):
    run, thread = running("sleeps", "60", retries=1, interrupted="fail")
    worker.shut_down(timedelta(0), timedelta(seconds=1))
    thread.join(10)
    worker.open_again()
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.FAILED, 1)
    assert run.error == (
        "The worker shut down under it: it may have done all or part of its work. It isn't run again "
        "(interrupted='fail')."
    )


def test_a_shutdown_gives_a_run_the_chance_to_end(running, worker):
    run, thread = running("sleeps", "1.5")
    worker.shut_down(timedelta(seconds=10))
    thread.join(10)
    worker.open_again()
    run.refresh_from_db()
    assert run.status == Status.SUCCEEDED


def test_a_run_that_another_declared_lost_is_killed_and_changes_nothing(running, monkeypatch):
    monkeypatch.setattr(timing, "HEARTBEAT", timedelta(seconds=0.2))
    run, thread = running("sleeps", "60")
    Run.objects.filter(pk=run.pk).update(status=Status.LOST, finished_at="2026-01-01T00:00Z", lease_expires_at=None)
    thread.join(10)
    run.refresh_from_db()
    assert (run.status, run.error) == (Status.LOST, "")


def test_no_more_runs_than_slots(running, worker, settings, declared):
    settings.JOBS_MAX_RUNNING = 1
    running("sleeps", "1.5")
    declared("other", command="succeeds")
    second = triggers.request("other", requested_by="a test", ring=False)
    assert worker.execute(second.pk) is None
    second.refresh_from_db()
    assert second.status == Status.QUEUED


def test_a_run_without_a_slot_is_passed_on(running, worker, settings, declared, rings):
    settings.JOBS_MAX_RUNNING = 1
    running("sleeps", "1.5")
    declared("other", command="succeeds")
    second = triggers.request("other", requested_by="a test", ring=False)
    worker.execute(second.pk)
    assert rings == [(second.pk, timing.BUSY)]


def test_a_run_of_a_job_that_this_release_doesnt_know_stays_as_it_is(worker):
    run = a_run("succeeds", Status.QUEUED, not_before=states.clock())
    assert worker.execute(run.pk) is None
    run.refresh_from_db()
    assert (run.status, run.attempt) == (Status.QUEUED, 0)


def test_a_secret_of_the_environment_may_be_no_text(execute, monkeypatch):
    monkeypatch.setitem(os.environb, b"BANK_API_KEY", b"hunter\xff\xfe2")
    run, _ = execute("succeeds")
    assert run.status == Status.SUCCEEDED


def test_the_last_output_is_written_before_the_end(worker, declared, monkeypatch):
    """It may come while the writer is at something else, and the end right behind it."""
    declared("zoo", command="succeeds")
    run = triggers.request("zoo", requested_by="a test", ring=False)
    claim = claims.claim(run.pk, instance.current())
    held = writer.hold(claim, lambda: None)
    finish, write_progress = finishing.finish, progress.write
    found, ends = [], []

    def come_meanwhile(reports):
        write_progress(reports)
        writer.write(held, 0, Piece(at=states.clock(), body=bytearray(b"last words")))
        ends.append(writer.finish(held, finishing.Outcome(status=AttemptStatus.SUCCEEDED)))

    def look(*arguments):
        found.append(output_text(run.attempts.get()))
        return finish(*arguments)

    monkeypatch.setattr(progress, "write", come_meanwhile)
    monkeypatch.setattr(finishing, "finish", look)
    writer.report(held, {"done": 1})
    until(lambda: ends)
    assert ends[0].recorded.result(timeout=10).status is Status.SUCCEEDED
    assert found == ["last words"]


def test_a_database_that_takes_no_writes_for_a_while_loses_no_end(worker, declared, caplog):
    """Its disk is full, or it is a standby: it answers, and refuses."""
    declared("zoo", command="succeeds")
    run = triggers.request("zoo", requested_by="a test", ring=False)
    held = writer.hold(claims.claim(run.pk, instance.current()), lambda: None)
    set_read_only(True)
    try:
        end = writer.finish(held, finishing.Outcome(status=AttemptStatus.SUCCEEDED))
        until(lambda: "read-only transaction" in caplog.text)
    finally:
        set_read_only(False)
    assert end.recorded.result(timeout=20).status is Status.SUCCEEDED


@pytest.fixture
def holding(worker, declared):
    """A run that the writer holds for a claim of its own, each of another job."""

    def hold(job):
        declared(job, command="succeeds")
        run = triggers.request(job, requested_by="a test", ring=False)
        return run, writer.hold(claims.claim(run.pk, instance.current()), lambda: None)

    return hold


@pytest.fixture
def many_open_files():
    """All descriptors below 1,100 are taken, so that new ones are beyond what `select()` can watch."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if 4096 > hard != resource.RLIM_INFINITY:
        pytest.skip(f"This machine allows {hard} open files.")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, 4096), hard))
    files = [os.open(os.devnull, os.O_RDONLY)]
    while files[-1] < 1100:
        files.append(os.open(os.devnull, os.O_RDONLY))
    client.server.stop()  # the next one has high descriptors too
    yield
    for file in files:
        os.close(file)
    client.server.stop()
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_worker_with_many_open_files_executes_runs(many_open_files, execute):
    connection.close()
    run, attempt = execute("tells")
    assert (run.status, run.progress["done"]) == (Status.SUCCEEDED, 3)
    assert output_text(attempt) != ""


def test_a_worker_with_many_open_files_cancels_runs(many_open_files, running):
    run, thread = running("sleeps", "60")
    assert cancel(run.pk, "ada") is Status.RUNNING
    thread.join(20)
    run.refresh_from_db()
    assert run.status == Status.CANCELLED


def test_output_that_the_database_refuses_is_lost_alone(holding, caplog):
    (bad, badly_held), (good, well_held) = holding("bad"), holding("good")
    for number, body, stderr in ((0, b"first", []), (1, b"second", [2**40]), (2, b"third", [])):
        writer.write(badly_held, number, Piece(at=states.clock(), body=bytearray(body), stderr=stderr))
    writer.write(well_held, 0, Piece(at=states.clock(), body=bytearray(b"another run's")))
    ends = [writer.finish(held, finishing.Outcome(status=AttemptStatus.SUCCEEDED)) for held in (badly_held, well_held)]
    assert [end.recorded.result(timeout=20).status for end in ends] == [Status.SUCCEEDED] * 2
    assert output_text(bad.attempts.get()) == "firstthird"
    assert output_text(good.attempts.get()) == "another run's"
    assert f"run={bad.pk} attempt=1: a piece of its output is lost, since the database refused it: " in caplog.text


def test_progress_that_the_database_refuses_is_lost_alone(holding, caplog):
    (bad, badly_held), (good, well_held) = holding("bad"), holding("good")
    writer.report(badly_held, {"message": "NUL \x00"})
    writer.report(well_held, {"message": "fine"})
    until(lambda: Run.objects.get(pk=good.pk).progress == {"message": "fine"})
    assert f"run={bad.pk} attempt=1: its progress is lost" in caplog.text
    ends = [writer.finish(held, finishing.Outcome(status=AttemptStatus.SUCCEEDED)) for held in (badly_held, well_held)]
    assert [end.recorded.result(timeout=20).status for end in ends] == [Status.SUCCEEDED] * 2


def test_the_writer_goes_on_whatever_goes_wrong_while_it_waits(holding, monkeypatch, caplog):
    _, held = holding("zoo")

    def fail(*_):
        raise RuntimeError("unheard of")

    with monkeypatch.context() as patch:
        patch.setattr("selectors.PollSelector.register", fail)
        writer.report(held, {"done": 1})
        until(lambda: "unheard of" in caplog.text)
    end = writer.finish(held, finishing.Outcome(status=AttemptStatus.SUCCEEDED))
    assert end.recorded.result(timeout=20).status is Status.SUCCEEDED


def set_read_only(read_only):
    """For all connections that begin after this; those that are open are ended, but our own."""
    with connection.cursor() as cursor:
        name = connection.ops.quote_name(connection.settings_dict["NAME"])
        cursor.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = {'on' if read_only else 'off'}")
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )


def test_output_of_a_run_that_was_deleted_stops_nobody_elses(running, worker, declared):
    run, _ = running("counts", "2")
    Run.objects.filter(pk=run.pk).delete()
    declared("fine", command="succeeds")
    other = triggers.request("fine", requested_by="a test", ring=False)
    assert worker.execute(other.pk) is Status.SUCCEEDED
    assert output_text(other.attempts.get()) != ""


def test_a_claim_whose_acknowledgement_was_lost_is_given_back_and_done_again(worker, declared, monkeypatch):
    """The database went away between the commit and its answer: the row is claimed, and nothing was started for it."""
    declared("zoo", command="succeeds")
    run = triggers.request("zoo", requested_by="a test", ring=False)
    claim = claims.claim

    def claim_and_lose_the_answer(*arguments):
        claim(*arguments)
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(claims, "claim", claim_and_lose_the_answer)
        with pytest.raises(OperationalError):
            worker.execute(run.pk, invocation_id="first")
    assert Run.objects.get().status == Status.RUNNING
    assert worker.execute(run.pk, invocation_id="second") is Status.SUCCEEDED
    attempts = Attempt.objects.filter(run=run).order_by("number")
    assert [attempt.status for attempt in attempts] == ["interrupted", "succeeded"]
    run.refresh_from_db()
    assert run.failures == 0


def test_a_claim_that_was_not_committed_leaves_nothing_to_give_back(worker, declared, monkeypatch):
    declared("zoo", command="succeeds")
    run = triggers.request("zoo", requested_by="a test", ring=False)

    def fail(*_):
        raise OperationalError("server closed the connection unexpectedly")

    with monkeypatch.context() as patch:
        patch.setattr(claims, "claim", fail)
        with pytest.raises(OperationalError):
            worker.execute(run.pk, invocation_id="first")
    assert worker.execute(run.pk, invocation_id="second") is Status.SUCCEEDED
    assert Attempt.objects.filter(run=run).count() == 1
