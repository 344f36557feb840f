"""The guardian of one run: it forks the child, reaps it, measures it, and kills all its descendants when told to.

It is told over a socket: `T` sends SIGTERM to the tree, `K` kills it, and the end of the file, which is the worker's
death, kills it too. It answers with one line of JSON when nothing of the tree is left.
"""

import json
import os
import resource
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import Any, NoReturn

from jobs.isolation import child, system

TERMINATE = b"T"
KILL = b"K"


def main(request: dict[str, Any], control_fd: int, stdout: int, stderr: int, reports: int) -> NoReturn:
    """Guard one child until its tree is gone; ends this process."""
    status = 1
    try:
        os.setsid()
        system.adopt_orphans()
        wake = _wake_on_sigchld()
        guardian = os.getpid()
        # A SIGTERM that comes before the child has its handler waits for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        process = os.fork()
        if process == 0:
            os.close(control_fd)
            os.close(wake)
            signal.set_wakeup_fd(-1)
            child.main(request, guardian, stdout, stderr, reports)
        for descriptor in (stdout, stderr, reports):
            os.close(descriptor)
        _guard(socket.socket(fileno=control_fd), wake, process)
        status = 0
    except BaseException:  # noqa: BLE001 — nothing may return into the server's loop
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def _wake_on_sigchld() -> int:
    """A descriptor that can be read when a child has ended."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    return wake


def _guard(control: socket.socket, wake: int, process: int) -> None:
    ended: int | None = None
    while ended is None:
        watched: list[socket.socket | int] = [control, wake]
        readable, _, _ = select.select(watched, [], [])
        if control in readable:
            order = control.recv(1)
            if order == TERMINATE:
                system.send(signal.SIGTERM, system.descendants(os.getpid()) or [process])
            else:
                system.send(signal.SIGKILL, system.descendants(os.getpid()) or [process])
        if wake in readable:
            os.read(wake, 4096)
        ended = _reap(process)
    _kill_the_rest()
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    receipt = {
        "exit_code": os.waitstatus_to_exitcode(ended),
        "cpu": usage.ru_utime + usage.ru_stime,
        # Kilobytes on Linux, bytes on macOS.
        "peak_memory": usage.ru_maxrss * (1024 if system.LINUX else 1),
    }
    with suppress(OSError):
        control.sendall(json.dumps(receipt).encode() + b"\n")


def _reap(process: int) -> int | None:
    """Take leave of all children that ended; the wait status of `process` if it is among them."""
    found = None
    with suppress(ChildProcessError):
        while True:
            ended, status = os.waitpid(-1, os.WNOHANG)
            if ended == 0:
                break
            if ended == process:
                found = status
    return found


def _kill_the_rest() -> None:
    """Nothing that the child started outlives it: background processes and daemons go too."""
    while True:
        try:
            ended, _ = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return
        if ended == 0:
            system.send(signal.SIGKILL, system.descendants(os.getpid()))
            time.sleep(0.005)
