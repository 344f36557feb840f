"""Leaving a process whose threads may be stuck in a call."""

import atexit
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import NoReturn


def now(code: int) -> NoReturn:
    """End this process at once. Python would wait for the worker's threads, which nobody can stop."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(OSError):  # the terminal was closed
            stream.flush()
    # The embedded PostgreSQL is stopped by a handler of this kind.
    atexit._run_exitfuncs()
    os._exit(code)


def in_background(work: Callable[[], None]) -> Thread:
    """Do this on a thread that never keeps the process from ending."""
    thread = Thread(target=work, daemon=True)
    thread.start()
    return thread
