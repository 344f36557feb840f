"""What Python's library doesn't know of the kernel: subreapers, a parent's death, a process's descendants."""

import ctypes
import os
import signal
import sys
from collections import defaultdict
from contextlib import suppress
from pathlib import Path

from jobs import procfs

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
LINUX = sys.platform == "linux"
# Looked up once, before anything is forked: each page that a fork touches is copied.
_prctl_of_linux = ctypes.CDLL(None, use_errno=True).prctl if LINUX else None


def adopt_orphans() -> None:
    """Descendants whose parent ends become children of this process, also those that made themselves daemons.

    Linux only: elsewhere (macOS, for development) a daemon escapes.
    """
    if LINUX:
        _prctl(PR_SET_CHILD_SUBREAPER, 1)


def die_with_parent(parent: int) -> None:
    """Be killed when the parent ends, in whatever way. Linux only."""
    if LINUX:
        _prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before we asked
            os.kill(os.getpid(), signal.SIGKILL)


def be_first_to_go_when_memory_ends() -> None:
    """Offer this process to the OOM killer before the worker and the host."""
    with suppress(OSError):
        descriptor = os.open("/proc/self/oom_score_adj", os.O_WRONLY)
        os.write(descriptor, b"1000")
        os.close(descriptor)


def children(parent: int) -> list[int]:
    """The living children of a process."""
    return _families()[parent]


def descendants(root: int) -> list[int]:
    """The living processes below `root`, parents first."""
    families = _families()
    found = [root]
    for process in found:
        found += families[process]
    return found[1:]


def processes() -> list[int]:
    """All processes that this one can see. None where the system has no /proc (macOS)."""
    return [int(entry.name) for entry in os.scandir("/proc") if entry.name.isdecimal()] if LINUX else []


def name(process: int) -> str:
    """What a process was started as, for a person to read; empty where it has ended."""
    with suppress(OSError):
        words = Path(f"/proc/{process}/cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace").strip()
        return words or Path(f"/proc/{process}/comm").read_text(errors="replace").strip()
    return ""


def _families() -> dict[int, list[int]]:
    """All living processes by their parents, at one moment."""
    found: dict[int, list[int]] = defaultdict(list)
    for process in processes():
        stat = procfs.stat(process)
        if stat is not None and not stat.has_ended:
            found[stat.parent].append(process)
    return found


def send(number: signal.Signals, processes: list[int]) -> None:
    for process in processes:
        with suppress(ProcessLookupError):
            os.kill(process, number)


def _prctl(option: int, argument: int) -> None:
    assert _prctl_of_linux is not None
    if _prctl_of_linux(option, argument, 0, 0, 0):
        raise OSError(ctypes.get_errno(), f"prctl({option}) failed")
