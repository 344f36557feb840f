"""The fork server's allocator: mimalloc on huge pages, so that a fork copies less and each child faults less.

A page of 2 MiB is one entry to copy at a fork and one fault at its first touch, in place of 512.
"""

import os
import sys
import sysconfig
from pathlib import Path

ALLOCATOR = {
    "PYTHONMALLOC": "mimalloc",
    "MIMALLOC_ALLOW_LARGE_OS_PAGES": "1",
    # In KiB, of addresses: with its own 1 GiB a run's `ulimit -v` would mean something else.
    "MIMALLOC_ARENA_RESERVE": "131072",
}
SWITCH = Path("/sys/kernel/mm/transparent_hugepage/enabled")
MEANINGS = {
    "always": "every process has them",
    "madvise": "the fork server asks for them",
    "never": f"each run takes about a fifth more CPU. Where you can, write madvise into {SWITCH}",
}


def environment() -> dict[str, str]:
    """What a fork server's environment has beside the worker's; nothing where an operator chose an allocator.

    A Python that was built without mimalloc wouldn't start with it.
    """
    is_chosen = "PYTHONMALLOC" in os.environ or "PYTHONDEVMODE" in os.environ
    is_there = sys.platform == "linux" and bool(sysconfig.get_config_var("WITH_MIMALLOC"))
    return {name: value for name, value in ALLOCATOR.items() if is_there and not is_chosen and name not in os.environ}


def huge_pages() -> str:
    """Which processes the kernel gives huge pages, and what that means for runs; empty where it has none."""
    try:
        words = SWITCH.read_text().split()
    except OSError:
        return ""
    chosen = next((word.strip("[]") for word in words if word.startswith("[")), "")
    return f"huge pages are {chosen!r}: {MEANINGS[chosen]}" if chosen in MEANINGS else ""
