"""Each process of a run carries its run's mark, so that it is found when all who knew it were killed.

The mark stands in the environment that a process was started with, which `/proc/PID/environ` shows, and which forks,
daemons and started programs inherit. A fork can't change what it was started with, so the fork server starts with room
for a mark (`RESERVED`), and a guardian writes over it in place. Linux only.
"""

import ctypes
import logging
import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from pathlib import Path

from jobs.execution.isolation import system
from jobs.ledger import instance

log = logging.getLogger(__name__)

VARIABLE = "JOBS_MARK"
LENGTH = 160
RESERVED = {VARIABLE: "-" * LENGTH}
PREFIX = f"{VARIABLE}=".encode()
# How long, in seconds, the kernel may take to end processes that were killed.
LAST_BREATH = 10.0

_libc = ctypes.CDLL(None)
_libc.getenv.restype = ctypes.c_void_p


def mark(run: int, attempt: int) -> str:
    """The mark of an attempt that this process supervises."""
    return f"{instance.current().supervisor}/{run}/{attempt}"


def put(text: str) -> None:
    """Mark this process, and all that it will fork and start. For a process whose environment has room for it."""
    place = _place()
    if len(text) > LENGTH:
        raise RuntimeError(f"A mark has room for {LENGTH} letters, and {text} is longer.")
    ctypes.memmove(place, text.encode().ljust(LENGTH, b"/"), LENGTH)
    # Programs that are started with a copy of os.environ carry it too.
    os.environ[VARIABLE] = text


@cache  # os.environ's own copy, which is written below, hides it from getenv
def _place() -> int:
    """Where in memory the environment that this process was started with has its room."""
    place: int | None = _libc.getenv(VARIABLE.encode())
    if not place or len(os.environ.get(VARIABLE, "")) != LENGTH:
        raise RuntimeError(f"This process was started without room for a mark in {VARIABLE}.")
    return place


def end(mark: str) -> int:
    """Kill all processes with this mark, and wait until none is left. Gives how many there were."""
    return _end(lambda found: found == mark)


def end_those_of_dead_supervisors() -> int:
    """Kill what is left of runs whose supervisor, guardian and fork server were killed. Gives how many there were."""
    return _end(lambda found: found.count("/") == 4 and instance.is_dead(found.rsplit("/", 2)[0]))


def _end(is_meant: Callable[[str], bool]) -> int:
    ended: set[int] = set()
    give_up_at = time.monotonic() + LAST_BREATH
    # Again and again: one that was just being forked is not seen at first.
    while found := _carriers(is_meant):
        system.send(signal.SIGKILL, found)
        ended.update(found)
        if time.monotonic() > give_up_at:
            pids = ", ".join(map(str, found))
            log.error(
                "killed, and still there: pid=%s. The kernel holds them; if they stay, restart the instance", pids
            )
            break
        time.sleep(0.005)
    return len(ended)


def _carriers(is_meant: Callable[[str], bool]) -> list[int]:
    """The living processes whose mark is meant."""
    found = []
    for process in system.processes():
        # Another user's, or one that has just ended.
        with suppress(OSError):
            environment = Path(f"/proc/{process}/environ").read_bytes()
            for entry in environment.split(b"\0"):
                if entry.startswith(PREFIX) and is_meant(entry[len(PREFIX) :].decode(errors="replace").rstrip("/")):
                    found.append(process)
    return found
