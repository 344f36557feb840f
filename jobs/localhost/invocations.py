"""Calls of functions: run, timed and reported in one line each."""

import asyncio
from collections.abc import Callable, Mapping
from functools import partial
from time import perf_counter
from typing import NoReturn

from jobs.localhost.clock import Clock
from jobs.localhost.functions import Function
from jobs.localhost.protos import Message
from jobs.localhost.shutdown import in_own_thread
from jobs.localhost.worker import Reply, Worker, WorkerEnded

# By the function's name, the invocation's id and the queue's message.
type Became = Callable[[str, str, str], str]
OK = "ok"
# In seconds.
PATIENCE = 5


class Invocations:
    """The one way in which listeners, requests and operators call functions.

    `say` prints a line to the terminal. `became` says how a call's run ended; without it a success is "ok".
    """

    def __init__(self, worker: Worker, clock: Clock, say: Callable[[str], None], became: Became | None = None) -> None:
        self.worker = worker
        self.became = became
        self.clock = clock
        self.say = say
        self.is_closed = False
        # Set when a function ended the worker; `fault` says which one.
        self.worker_ended = asyncio.Event()
        self.fault: WorkerEnded | None = None

    async def call(
        self,
        function: Function,
        why: str,
        data: Message,
        metadata: Mapping[str, Message] | None = None,
        outcome: Callable[[Reply], str] | None = None,
        message: str = "",
    ) -> Reply:
        """Call a function and report it, with `outcome` of the reply if it succeeded, or how its run ended."""
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
        if reply.error:
            ending = f"failed: {reply.error.strip()}"
        else:
            ending = outcome(reply) if outcome else await self._ending(function, reply, message)
        self.say(
            f"{fired_at:%H:%M:%S}Z  {function.name:<24}  {why:<12}  {perf_counter() - start:7.3f} s  "
            + " ".join(ending.splitlines())
        )
        if reply.traceback:
            self.say(reply.traceback.rstrip())
        return reply

    async def _ending(self, function: Function, reply: Reply, message: str) -> str:
        """Asked in a thread and not for long: a timer fires again only after this."""
        if self.became is None:
            return OK
        asked = in_own_thread(partial(self.became, function.name, reply.invocation_id, message))
        try:
            return await asyncio.wait_for(asked, PATIENCE)
        except TimeoutError:
            return OK

    def close(self) -> None:
        """Start no more calls."""
        self.is_closed = True


async def _for_ever() -> NoReturn:
    await asyncio.get_running_loop().create_future()
    raise AssertionError("a future that nobody sets has ended")
