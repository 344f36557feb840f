"""Each function that fires: run, timed and told in one line."""

import asyncio
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import NoReturn

from jobs.localhost.clock import Clock
from jobs.localhost.functions import Function
from jobs.localhost.protos import Message
from jobs.localhost.worker import Reply, Worker, WorkerEnded


class Invocations:
    """The one way in which listeners, requests and operators call functions. `tell` takes a line for the terminal."""

    def __init__(self, worker: Worker, clock: Clock, tell: Callable[[str], None]) -> None:
        self.worker = worker
        self.clock = clock
        self.tell = tell
        self.is_closed = False
        # Set when a function took the worker down; `fault` tells which.
        self.worker_ended = asyncio.Event()
        self.fault: WorkerEnded | None = None

    async def call(
        self,
        function: Function,
        why: str,
        data: Message,
        metadata: Mapping[str, Message] | None = None,
        outcome: Callable[[Reply], str] = lambda _: "ok",
    ) -> Reply:
        """Call a function and tell it, with `outcome` of the reply where it succeeded."""
        if self.is_closed:
            # The host is stopping: nothing starts any more, and its caller is about to be cancelled.
            await _for_ever()
        fired_at, start = self.clock.now(), perf_counter()
        try:
            reply = await self.worker.invoke(function, data, metadata)
        except WorkerEnded as fault:
            self.fault = fault
            self.worker_ended.set()
            await _for_ever()
        ending = f"failed: {reply.error.strip()}" if reply.error else outcome(reply)
        self.tell(
            f"{fired_at:%H:%M:%S}Z  {function.name:<24}  {why:<12}  {perf_counter() - start:7.3f} s  "
            + " ".join(ending.splitlines())
        )
        if reply.traceback:
            self.tell(reply.traceback.rstrip())
        return reply

    def close(self) -> None:
        """Start nothing any more."""
        self.is_closed = True


async def _for_ever() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("a future that nobody sets has ended")
