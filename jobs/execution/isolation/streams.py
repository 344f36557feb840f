"""stdout and stderr of a run: the fork server's objects, since modules keep them, with other pipes below."""

import io
import os
import sys
from contextlib import suppress


def prepare() -> None:
    """Make the streams of the fork server those that a run needs."""
    for number, name in ((1, "stdout"), (2, "stderr")):
        stream = getattr(sys, name)
        if not isinstance(stream, io.TextIOWrapper) or not _leads_to(stream, number):
            raw = io.BufferedWriter(io.FileIO(number, "w", closefd=False))
            stream = io.TextIOWrapper(raw, encoding="utf-8")
            setattr(sys, name, stream)
            setattr(sys, f"__{name}__", stream)
        # A piped Python buffers by blocks: nothing would be seen while it runs. A character that can't be written is
        # shown as its escape: that is no reason to fail.
        stream.reconfigure(encoding="utf-8", errors="backslashreplace", line_buffering=True)


def take(stdout: int, stderr: int) -> None:
    """Lead the streams of this process into these pipes, and its stdin to nothing."""
    flush()
    with open(os.devnull, "rb") as nothing:
        os.dup2(nothing.fileno(), 0)
    os.dup2(stdout, 1)
    os.dup2(stderr, 2)
    os.close(stdout)
    os.close(stderr)


def flush() -> None:
    """Write what stands in the buffers."""
    for stream in (sys.stdout, sys.stderr):
        with suppress(Exception):
            stream.flush()


def _leads_to(stream: io.TextIOWrapper, number: int) -> bool:
    try:
        return stream.fileno() == number
    except (OSError, ValueError):
        return False
