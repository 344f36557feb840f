"""Leaving a process whose threads may be stuck in a call."""

import asyncio
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


async def in_own_thread[T](work: Callable[[], T]) -> T:
    """Do this on a thread of its own and wait for it; a caller that no longer waits leaves it behind.

    `asyncio.to_thread` has a few threads, which the process waits for as it ends: a database that swallows what it is
    asked would hold them all, and then the process.
    """
    loop = asyncio.get_running_loop()
    answer: asyncio.Future[T] = loop.create_future()

    def give(set_it: Callable[[], None]) -> None:
        # Nobody waits any more, or the loop has ended.
        with suppress(RuntimeError):
            loop.call_soon_threadsafe(lambda: None if answer.done() else set_it())

    def do() -> None:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001 — whoever waits raises it
            failure = error
            give(lambda: answer.set_exception(failure))
        else:
            give(lambda: answer.set_result(found))

    in_background(do)
    return await answer
