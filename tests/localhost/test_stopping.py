"""Ctrl-C ends the host, whatever it does at the moment, and leaves nothing behind."""

import fcntl
import os
import signal
import socket
import termios
import time
from functools import partial

import pytest

from tests.helpers.processes import group_is_alive
from tests.localhost.hosts import KEY, refusal, start, write_app

APP = """
import subprocess

@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
def slow(timer: func.TimerRequest) -> None:
    print("slow begins")
    time.sleep(1)
    print("slow has ended")

@app.timer_trigger(arg_name="timer", schedule="0 0 3 * * *")
def stuck(timer: func.TimerRequest) -> None:
    print("stuck begins")
    time.sleep(600)

@app.route(route="{*route}", auth_level=ANONYMOUS)
def http(req: func.HttpRequest) -> func.HttpResponse:
    print("a request begins")
    time.sleep(600)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_an_idle_host_ends_at_once(serve, number):
    host = serve(APP)
    assert host.stop(number) < 2
    assert (host.process.returncode, host.error) == (0, "")
    assert not group_is_alive(host.process.pid)


def test_calls_at_work_are_given_a_moment(serve):
    host = serve(APP)
    host.request("POST", "/admin/functions/slow", b"{}", x_functions_key=KEY)
    host.wait_for("slow begins")
    assert host.stop() < 5
    assert "slow has ended" in host.lines
    assert host.process.returncode == 0


def test_calls_that_never_end_are_left_behind_within_five_seconds(serve):
    host = serve(APP)
    host.request("POST", "/admin/functions/stuck", b"{}", x_functions_key=KEY)
    host.wait_for("stuck begins")
    with socket.create_connection(("127.0.0.1", host.port)) as client:
        client.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        host.wait_for("a request begins")
        assert host.stop() < 5
    assert "A call didn't end in time and was left behind." in host.lines
    assert host.process.returncode == 0
    assert not group_is_alive(host.process.pid)


def test_a_second_ctrl_c_ends_it_at_once(serve):
    host = serve(APP)
    host.request("POST", "/admin/functions/stuck", b"{}", x_functions_key=KEY)
    host.wait_for("stuck begins")
    began = time.monotonic()
    host.process.send_signal(signal.SIGINT)
    host.wait_for("Stopping. Ctrl-C again stops at once.")
    host.stop()
    assert time.monotonic() - began < 1.5
    assert host.process.returncode == 130


def test_a_closed_terminal_ends_it_in_good_order(tmp_path):
    """It is gone for good: nothing that is written to it arrives."""
    terminal, theirs = os.openpty()
    folder = write_app(tmp_path, APP)
    on_it = {"stdout": theirs, "stderr": theirs, "start_new_session": False, "preexec_fn": partial(take, theirs)}
    with start(folder, options=on_it) as host:
        os.close(theirs)
        said = b""
        while b"Ctrl-C stops it." not in said:
            said += os.read(terminal, 4096)
        os.close(terminal)
        host.wait(30)
    # 120: Python had something left to write at its end.
    assert host.returncode in {0, 120}
    assert not group_is_alive(host.pid)


def take(terminal: int) -> None:
    """Have this as controlling terminal: its end is SIGHUP."""
    os.setsid()
    fcntl.ioctl(terminal, termios.TIOCSCTTY, 0)


def test_a_host_that_nohup_started_outlives_its_terminal(serve):
    host = serve(APP, options={"preexec_fn": lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN)})
    os.killpg(host.process.pid, signal.SIGHUP)
    assert host.request("POST", "/admin/functions/slow", b"{}", x_functions_key=KEY).status == 202
    host.wait_for("slow has ended")
    host.stop()
    assert host.process.returncode == 0


def test_a_taken_port_is_reported(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert refusal(tmp_path, APP, "--port", str(port)) == (
            f"CommandError: Port {port} on 127.0.0.1 is taken. "
            f"Stop what listens there, or choose another: --port {port + 1}."
        )
