"""The child of one run: its own streams, then the command, then an exit code as `manage.py` would give it."""

import atexit
import fcntl
import os
import resource
import signal
import sys
import threading
from contextlib import suppress
from types import FrameType
from typing import NoReturn

from jobs import progress
from jobs.execution.isolation import command, logs, requests, streams, system

# Where the reports' pipe goes, unless the process may have fewer descriptors.
HIGHEST = 1023


class Terminated(SystemExit):
    """SIGTERM reached the run: a timeout, a cancellation or a shutdown. `finally` blocks run, then the process ends."""


def main(request_fd: int, guardian: int, stdout: int, stderr: int, reports: int) -> NoReturn:
    """Run the command of the request; ends this process."""
    code = 70
    try:
        system.die_with_parent(guardian)
        # What the command sends to its own group, SIGSTOP or SIGQUIT, is not for the guardian.
        os.setsid()
        system.be_first_to_go_when_memory_ends()
        streams.take(stdout, stderr)
        _take_signals()
        request = requests.read(request_fd)
        os.environ.update(request["environment"])
        progress.attach(_out_of_the_way(reports), request["run"])
        _draw_new_random_numbers()
        logs.show_what_nobody_handles()
        end = command.run(request["command"], request["arguments"])
        code = _wait_for_threads() or end.code
        progress.report_end(code, end.error, end.result)
    except BaseException as failure:  # noqa: BLE001 — nothing may return into the guardian's code
        code = 70
        command.show(failure)
    finally:
        streams.flush()
        os._exit(code)


def _out_of_the_way(descriptor: int) -> int:
    """The same pipe, above the numbers that a command closes when it closes all that it knows."""
    highest = min(resource.getrlimit(resource.RLIMIT_NOFILE)[0], HIGHEST + 1) - 1
    try:
        moved = fcntl.fcntl(descriptor, fcntl.F_DUPFD_CLOEXEC, highest)
    except (OSError, ValueError):
        return descriptor
    os.close(descriptor)
    return moved


def _take_signals() -> None:
    """As Python begins, but for SIGTERM, which ends the run in order."""
    for number in (signal.SIGCHLD, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGTERM, _terminate)
    # What the command forks (multiprocessing) is no run: SIGTERM ends it.
    os.register_at_fork(after_in_child=_give_sigterm_back)


def _draw_new_random_numbers() -> None:
    """Python's `random` is seeded at each fork by Python; numpy's global generator is not."""
    if generator := sys.modules.get("numpy.random"):
        generator.seed()


def _give_sigterm_back() -> None:
    if signal.getsignal(signal.SIGTERM) is _terminate:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _terminate(number: int, frame: FrameType | None) -> None:
    if progress.note_termination():
        return  # the command asks `cancelled()` and ends by itself
    raise Terminated(128 + number)


def _wait_for_threads() -> int:
    """As Python does before it ends: threads that aren't daemons come to their end, then atexit's functions run.

    Gives the exit code where SIGTERM cut that short, else 0.
    """
    asked_before = progress.termination_asked()
    with suppress(Terminated):
        threading._shutdown()  # type: ignore[attr-defined]
        atexit._run_exitfuncs()
    # Python swallows what a signal's handler raises in here.
    return 128 + signal.SIGTERM if progress.termination_asked() and not asked_before else 0
