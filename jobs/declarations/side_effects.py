"""A piece of others' code is called to learn what it says, and must change nothing: a parser, above all.

Python's audit events (PEP 578) name what would: whatever raises one of these is stopped, in this thread only.
"""

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from typing import Any

from jobs.sentences import Sentence

WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_APPEND
EVENTS = frozenset(
    {
        *("os.mkdir", "os.remove", "os.rename", "os.rmdir", "os.truncate", "os.link", "os.symlink", "os.chmod"),
        *("os.system", "os.exec", "os.fork", "os.forkpty", "os.posix_spawn", "os.spawn", "subprocess.Popen"),
        *("socket.connect", "socket.bind", "sqlite3.connect"),
    }
)
_this = threading.local()


class SideEffect(Sentence, PermissionError):
    """{event} was stopped: it would leave something behind."""

    def __init__(self, event: str) -> None:
        super().__init__(event=event)


@contextmanager
def refused() -> Iterator[None]:
    """In this block, whatever would change something outside of this process raises SideEffect."""
    _listen()
    _this.refuses = True
    try:
        yield
    finally:
        _this.refuses = False


@cache
def _listen() -> None:
    """A hook can't be taken away again: one for the whole process, which asks for the thread."""
    sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    if getattr(_this, "refuses", False) and (event in EVENTS or (event == "open" and _writes(*arguments))):
        raise SideEffect(event)


def _writes(path: object, mode: object, flags: object) -> bool:
    return isinstance(flags, int) and bool(flags & WRITING)
