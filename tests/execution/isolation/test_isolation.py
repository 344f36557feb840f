"""Fork servers and guardians that are killed or stopped: the run ends in time, and nothing of it lives on."""

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.conf import settings

from jobs.choices import AttemptStatus, Status
from jobs.execution.isolation import client
from jobs.ledger import triggers
from jobs.ledger.endings import cancel
from jobs.models import Attempt, Run
from tests.helpers.processes import is_alive, is_stopped, parent_of, until
from tests.helpers.rows import output_text

SHORT = timedelta(seconds=1.5)


@pytest.fixture
def begin(worker, declared):
    """Begin a run of a command of the zoo in a thread; gives the run, and a function that waits for its end."""
    client.server.start()
    threads = []

    def begin_command(command, *arguments, **rules):
        name = f"zoo_{len(threads)}"
        declared(name, *arguments, command=command, **rules)
        run = triggers.request(name, requested_by="a test", ring=False)
        thread = threading.Thread(target=worker.execute, args=[run.pk])
        thread.start()
        threads.append(thread)

        def end(seconds=30):
            thread.join(seconds)
            assert not thread.is_alive(), "it didn't end in time"
            run.refresh_from_db()
            return run

        return run, end

    yield begin_command
    for thread in threads:
        thread.join(60)


def spoken(run):
    """The lines that a run has written, once there are any."""
    until(lambda: Attempt.objects.filter(run=run, output__isnull=False).exists())
    return output_text(Attempt.objects.get(run=run)).splitlines()


@pytest.fixture
def stopped_server(worker):
    """The fork server is there without any guardian, and stopped."""
    client.server.start()
    client.server._current[False].part_with_guardians()
    pid = client.server.pid
    os.kill(pid, signal.SIGSTOP)
    yield pid
    if is_alive(pid):
        os.kill(pid, signal.SIGCONT)


def test_a_fork_server_that_is_stopped_is_replaced(begin, stopped_server, monkeypatch):
    monkeypatch.setattr(client, "ANSWER", 1.0)
    _, end = begin("succeeds")
    assert end().status == Status.SUCCEEDED
    assert not is_alive(stopped_server)


def test_a_stopped_fork_server_holds_up_no_timeout(begin, stopped_server):
    began = time.monotonic()
    _, end = begin("succeeds", timeout=SHORT)
    assert end().status == Status.TIMED_OUT
    assert time.monotonic() - began < client.ANSWER


def test_a_stopped_fork_server_holds_up_no_cancellation(begin, stopped_server):
    run, end = begin("succeeds")
    until(lambda: Run.objects.get(pk=run.pk).status == Status.RUNNING)
    cancel(run.pk, "ada")
    began = time.monotonic()
    assert end().status == Status.CANCELLED
    assert time.monotonic() - began < client.ANSWER


def test_a_run_that_was_given_up_while_the_fork_server_was_stopped_never_starts(begin, stopped_server, tmp_path):
    _, end = begin("marks", str(tmp_path / "marks"), "0", timeout=SHORT)
    assert end().status == Status.TIMED_OUT
    os.kill(stopped_server, signal.SIGCONT)
    _, end = begin("succeeds")  # by the same fork server, after what waited there
    end()
    assert not (tmp_path / "marks").exists()


def test_a_fork_server_that_is_killed_while_it_loads_is_started_again(begin):
    client.server.stop()
    _, end = begin("succeeds")
    for _ in range(client.TRIES - 1):
        pid = until(lambda: client.server.pid)
        os.kill(pid, signal.SIGKILL)
        until(lambda pid=pid: client.server.pid != pid)
    assert end().status == Status.SUCCEEDED


def test_a_fork_server_that_is_killed_as_it_forks_starts_nothing_twice(begin, stopped_server, tmp_path):
    run, end = begin("marks", str(tmp_path / "marks"), "0.2")
    until(lambda: Run.objects.get(pk=run.pk).status == Status.RUNNING)
    os.kill(stopped_server, signal.SIGCONT)
    time.sleep(0.01)
    os.kill(stopped_server, signal.SIGKILL)
    assert end().status == Status.SUCCEEDED
    assert (tmp_path / "marks").read_text() == f"{run.pk}\n"


@pytest.mark.parametrize("killed", ["guardian", "guardian and fork server"])
def test_a_daemon_ends_with_its_run_whoever_was_killed(begin, killed):
    run, end = begin("spawns", "daemon", "--linger", "60")
    daemon = int(spoken(run)[0])
    guardian = parent_of(daemon)
    for process in [guardian, client.server.pid][: 1 + (killed != "guardian")]:
        os.kill(process, signal.SIGKILL)
    assert end().status == Status.FAILED
    assert not is_alive(daemon)


def test_a_command_that_stops_its_group_times_out(begin):
    _, end = begin("signals", "group", "SIGSTOP", timeout=SHORT)
    assert end(client.ANSWER).status == Status.TIMED_OUT


def test_a_command_that_stops_its_group_can_be_cancelled(begin):
    run, end = begin("signals", "group", "SIGSTOP")
    stopped = until(lambda: [int(pid) for pid in spoken(run) if is_stopped(int(pid))])
    assert len(stopped) == 2
    cancel(run.pk, "ada")
    assert end(client.ANSWER).status == Status.CANCELLED
    assert not [pid for pid in stopped if is_alive(pid)]


@pytest.mark.parametrize("number", ["SIGQUIT", "SIGUSR1"])
def test_a_signal_to_its_group_reaches_no_guardian(begin, number):
    _, end = begin("signals", "group", number)
    assert end().error == f"Ended by {number}."


def test_a_guardian_that_is_stopped_is_killed_with_its_tree(begin, monkeypatch):
    monkeypatch.setattr(client, "ANSWER", 1.0)
    _, end = begin("signals", "parent", "SIGSTOP", timeout=SHORT)
    assert end().status == Status.TIMED_OUT


@pytest.mark.parametrize("why", [AttemptStatus.TIMED_OUT, AttemptStatus.CANCELLED, AttemptStatus.INTERRUPTED])
def test_a_command_that_ends_well_when_it_is_asked_to_stop_has_not_succeeded(begin, worker, why):
    timeout = SHORT if why == AttemptStatus.TIMED_OUT else timedelta(hours=1)
    run, end = begin("ends_well_at_sigterm", timeout=timeout, interrupted="fail")
    spoken(run)
    if why == AttemptStatus.CANCELLED:
        cancel(run.pk, "ada")
    if why == AttemptStatus.INTERRUPTED:
        worker.shut_down(timedelta(0))
        worker.open_again()
    assert end().status == (Status.FAILED if why == AttemptStatus.INTERRUPTED else why)
    attempt = run.attempts.get()
    assert (attempt.status, attempt.exit_code) == (why, 0)


@pytest.mark.parametrize("why", [AttemptStatus.CANCELLED, AttemptStatus.INTERRUPTED])
def test_a_child_that_had_ended_before_it_was_asked_to_stop_has_succeeded(begin, worker, why):
    run, end = begin("spawns", "shell", "--linger", "4")
    child = parent_of(int(spoken(run)[0]))
    [supervisor] = worker.supervisors
    guardian = parent_of(child)
    os.kill(guardian, signal.SIGSTOP)  # so that it doesn't see the end before it is told to cause it
    until(lambda: not is_alive(child))
    if why == AttemptStatus.CANCELLED:
        cancel(run.pk, "ada")
    else:
        closer = threading.Thread(target=worker.shut_down, args=[timedelta(0)])
        closer.start()
    until(lambda: supervisor.watch.stops._answer_by)
    os.kill(guardian, signal.SIGCONT)
    assert end().status == Status.SUCCEEDED
    assert supervisor.watch.stops.why == why
    if why == AttemptStatus.INTERRUPTED:
        closer.join(30)
        worker.open_again()


def test_a_pipe_that_nobody_reads_holds_up_no_timeout(worker, database_url):
    """`manage.py run` whose output goes into a pipe, full after some megabytes."""
    code = (
        "from datetime import timedelta; from jobs import declare; from django.core.management import call_command;"
        "declare('zoo', 'lines', '--lines', '3000000', command='writes', timeout=timedelta(seconds=2));"
        "call_command('run', 'zoo')"
    )
    shown = subprocess.Popen(
        [sys.executable, "manage.py", "shell", "--no-imports", "-c", code],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        cwd=settings.BASE_DIR,
        env=os.environ | {"DATABASE_URL": database_url, "DJANGO_SETTINGS_MODULE": "tests.settings"},
    )
    try:
        until(lambda: Run.objects.filter(status=Status.TIMED_OUT).exists(), 30)
        assert Attempt.objects.get().wall < timedelta(seconds=15)
    finally:
        shown.kill()
        shown.stdout.close()
        shown.wait()


def test_sigterm_ends_what_a_command_has_forked(begin):
    _, end = begin("interferes", "terminates")
    assert end().result == str(-signal.SIGTERM)


def test_a_command_may_interrupt_its_main_thread(begin):
    _, end = begin("interferes", "interrupts")
    assert end().error == "The command was interrupted: KeyboardInterrupt was raised in it."


def test_an_exit_code_beyond_c_is_pythons_255(begin):
    run, end = begin("interferes", "exits")
    end()
    assert run.attempts.get().exit_code == 255


@pytest.mark.parametrize(("up_to", "result"), [(256, "253 files"), (1024, None)])
def test_a_command_that_closes_all_descriptors_gets_no_report_in_its_file(begin, tmp_path, up_to, result):
    _, end = begin("interferes", "closes", "--up-to", str(up_to), "--file", str(tmp_path / "file"))
    assert (end().status, end().result) == (Status.SUCCEEDED, result)
    assert (tmp_path / "file").read_text() == ""
