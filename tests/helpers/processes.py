"""What tests ask of real processes."""

import os
import time
from contextlib import suppress
from pathlib import Path


def is_alive(pid):
    return _state(pid) not in {"Z", "X", None}


def group_is_alive(pid):
    """Whether anything is left of the process group that this process leads."""
    try:
        os.killpg(pid, 0)
    except ProcessLookupError:
        return False
    return True


def is_stopped(pid):
    """By SIGSTOP."""
    return _state(pid) == "T"


def _state(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0]
    except OSError:
        return None


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


def children_of(pid):
    """Its children, with those that have ended and that it hasn't reaped."""
    found = set()
    for name in filter(str.isdecimal, os.listdir("/proc")):
        with suppress(OSError):
            if parent_of(name) == pid:
                found.add(int(name))
    return found


def memory_of(pid):
    """How much it has in memory, in bytes."""
    return int(Path(f"/proc/{pid}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def forget_peak_of_memory():
    """Have `peak_of_memory` begin again, where the system can do that."""
    with suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")


def peak_of_memory():
    """The most that this process had in memory, in bytes."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) * 1024


def until(condition, seconds=30.0, what="it"):
    """Wait for a condition; fail where it doesn't come about in time."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} didn't come about in {seconds} s"
        time.sleep(0.01)
    return found
