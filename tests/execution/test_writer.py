"""One thread writes heartbeats, output and ends: what it does first, and what happens where the database refuses."""

import os
import resource

import pytest
from django.db import connection

from jobs.choices import AttemptStatus, Status
from jobs.execution.isolation import client
from jobs.execution.output import Piece
from jobs.execution.writer import writer
from jobs.ledger import attempts, claims, instance, progress, states, triggers
from jobs.ledger.endings import cancel
from jobs.models import Run
from tests.helpers.processes import until
from tests.helpers.rows import output_text

pytestmark = pytest.mark.usefixtures("the_next_run_is_fine")


def test_the_last_output_is_written_before_the_end(worker, declared, monkeypatch):
    """It may come while the writer is at something else, and the end right behind it."""
    declared("zoo", command="succeeds")
    run = triggers.request("zoo", requested_by="a test", ring=False)
    claim = claims.claim(run.pk, instance.current())
    held = writer.hold(claim, lambda: None)
    finish, write_progress = attempts.finish, progress.write
    found, ends = [], []

    def come_meanwhile(reports):
        write_progress(reports)
        writer.write(held, 0, Piece(at=states.clock(), body=bytearray(b"last words")))
        ends.append(writer.finish(held, attempts.Outcome(status=AttemptStatus.SUCCEEDED)))

    def look(*arguments):
        found.append(output_text(run.attempts.get()))
        return finish(*arguments)

    monkeypatch.setattr(progress, "write", come_meanwhile)
    monkeypatch.setattr(attempts, "finish", look)
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
        end = writer.finish(held, attempts.Outcome(status=AttemptStatus.SUCCEEDED))
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
        pytest.skip(f"This machine allows {hard} open files, and 4096 are needed: ulimit -Hn 4096, as root.")
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
    ends = [writer.finish(held, attempts.Outcome(status=AttemptStatus.SUCCEEDED)) for held in (badly_held, well_held)]
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
    ends = [writer.finish(held, attempts.Outcome(status=AttemptStatus.SUCCEEDED)) for held in (badly_held, well_held)]
    assert [end.recorded.result(timeout=20).status for end in ends] == [Status.SUCCEEDED] * 2


def test_the_writer_goes_on_whatever_goes_wrong_while_it_waits(holding, monkeypatch, caplog):
    _, held = holding("zoo")

    def fail(*_):
        raise RuntimeError("unheard of")

    with monkeypatch.context() as patch:
        patch.setattr("selectors.PollSelector.register", fail)
        writer.report(held, {"done": 1})
        until(lambda: "unheard of" in caplog.text)
    end = writer.finish(held, attempts.Outcome(status=AttemptStatus.SUCCEEDED))
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
