"""The child of one run: its own streams, then `call_command`, then an exit code as `manage.py` would give it."""

import atexit
import io
import logging
import os
import signal
import sys
import threading
import traceback
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Any, NoReturn

import django.core.management

from jobs import progress
from jobs.bounds import text_of
from jobs.isolation import system

# Where frames come from that lead up to a command.
NOT_OF_THE_JOB = (os.path.dirname(__file__), os.path.dirname(django.core.management.__file__))


class Terminated(SystemExit):
    """SIGTERM reached the run: a timeout, a cancellation or a shutdown. `finally` blocks run, then the process ends."""


def main(request: dict[str, Any], guardian: int, stdout: int, stderr: int, reports: int) -> NoReturn:
    """Run the command of the request; ends this process."""
    code = 70
    try:
        system.die_with_parent(guardian)
        # What the command sends to its own group, SIGSTOP or SIGQUIT, is not for the guardian.
        os.setsid()
        system.be_first_to_go_when_memory_ends()
        _take_streams(stdout, stderr)
        for number in (signal.SIGCHLD, signal.SIGINT, signal.SIGHUP):
            signal.signal(number, signal.SIG_DFL)
        signal.signal(signal.SIGTERM, _terminate)
        os.environ.update(request["environment"])
        progress.attach(reports, request["run"])
        _log_to_stderr()
        code, error, result = _run(request["command"], request["arguments"])
        code = _wait_for_threads() or code
        progress.report_end(code, error, result)
    except BaseException:  # noqa: BLE001 — nothing may return into the guardian's code
        code = 70
        _print_exception()
    finally:
        _flush()
        os._exit(code)


def _take_streams(stdout: int, stderr: int) -> None:
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.close(stdout)
    os.close(stderr)
    sys.stdin = io.TextIOWrapper(io.FileIO(0, closefd=False))
    # A piped Python buffers by blocks: nothing would be seen while it runs. A character that can't be written is shown
    # as its escape: that is no reason to fail.
    for number, name in ((1, "stdout"), (2, "stderr")):
        raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
        stream = io.TextIOWrapper(raw, encoding="utf-8", errors="backslashreplace", line_buffering=True)
        setattr(sys, name, stream)
        setattr(sys, f"__{name}__", stream)


def _terminate(number: int, frame: FrameType | None) -> None:
    if progress.note_termination():
        return  # the command asks `cancelled()` and ends by itself
    raise Terminated(128 + number)


def _log_to_stderr() -> None:
    """What a command logs belongs to its output, unless the project's LOGGING sends it elsewhere."""
    if not logging.root.handlers:
        logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s", stream=sys.stderr)


def _run(command: str, arguments: list[str]) -> tuple[int, str, object]:
    """The exit code that `manage.py` would end with, the error in a sentence, and what the command returned."""
    from django.core.management import CommandError, call_command
    from django.db import connections

    result: object = None
    error = ""
    try:
        # A SIGTERM that came while the process was set up reaches it here.
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
        result = call_command(command, *arguments)
        code = 0
    except SystemExit as stop:
        code, error = _exit(stop.code)
    except CommandError as refused:
        code = refused.returncode
        error = text_of(refused)
        _complain(f"CommandError: {error}\n")
    except BaseException as failure:  # noqa: BLE001 — a job's own code
        code = 1
        error = f"{type(failure).__name__}: {text_of(failure)}"
        _print_exception()
    with suppress(Exception):
        connections.close_all()
    return code, error, result


def _exit(given: object) -> tuple[int, str]:
    """The exit code, as Python itself reads what `sys.exit` was given, and the error in a sentence."""
    said = ""
    if given is None or isinstance(given, int):
        code = (given or 0) & 0xFF
    else:
        code, said = 1, text_of(given).strip()
        _complain(f"{said}\n")
    return code, said or (f"The command ended with exit code {code}." if code else "")


def _complain(text: str) -> None:
    with suppress(OSError, ValueError):
        sys.stderr.write(text)


def _print_exception() -> None:
    with suppress(OSError, ValueError):
        try:
            failure = sys.exception()
            assert failure is not None
            traceback.print_exception(failure.with_traceback(_of_the_job(failure.__traceback__)))
        except Exception as failure:  # noqa: BLE001 — a job's own code
            _complain(f"An exception whose traceback can't be printed: {type(failure).__name__}\n")


def _of_the_job(trace: TracebackType | None) -> TracebackType | None:
    """The traceback from where the command's own code begins: our frames, and Django's before it, tell nothing."""
    inner = trace
    while inner is not None and inner.tb_frame.f_code.co_filename.startswith(NOT_OF_THE_JOB):
        inner = inner.tb_next
    return inner or trace


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


def _flush() -> None:
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()
