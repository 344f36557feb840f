"""The queue trigger: messages become calls, a limited number at a time (docs/reference/azure.md, "Queues")."""

import asyncio
from itertools import count

from jobs.localhost.doorbells import Ring, Source
from jobs.localhost.functions import Function
from jobs.localhost.invocations import Invocations
from jobs.localhost.protos import typed

# What the host adds to a queue's name for the messages that it gave up.
POISON = "-poison"


class Queue:
    """The listener of one queue function. `at_once`: host.json's batchSize, `attempts`: its maxDequeueCount."""

    # The listener of the queue for messages that this one gave up.
    poison: "Queue | None" = None

    def __init__(self, function: Function, invocations: Invocations, *, at_once: int, attempts: int) -> None:
        self.function = function
        self.name = function.setting("queueName")
        self.invocations = invocations
        self.attempts = attempts
        self.slots = asyncio.Semaphore(at_once)
        self.ids = count(1)

    async def deliver(self, ring: Ring) -> None:
        """Call the function with a message once it is visible, and again at once where the call fails."""
        clock = self.invocations.clock
        await clock.sleep_until(clock.now() + ring.delay)
        async with self.slots:
            message = str(next(self.ids))
            for attempt in range(1, self.attempts + 1):
                if await self.call(ring.text, message, attempt):
                    return
        self.invocations.say(
            f"{self.function.name} failed {self.attempts} times with {ring.text!r}: Azure would move the message to "
            f"the queue {self.name}{POISON}."
        )
        if self.poison is not None and not self.poison.function.is_disabled:
            await self.poison.call(ring.text, message)

    async def call(self, text: str, message: str, attempt: int = 1, why: str = "queue") -> bool:
        """Call the function with one message; True where it succeeded."""
        metadata = {"Id": typed(string=message), "DequeueCount": typed(json=str(attempt))}
        reply = await self.invocations.call(self.function, why, typed(string=text), metadata, message=text)
        return not reply.error


async def listen(source: Source, queues: list[Queue]) -> None:
    """Deliver messages, forever. Messages that wait for their time or a slot wait in memory."""
    named = {queue.name: queue for queue in queues}
    for queue in queues:
        queue.poison = named.get(f"{queue.name}{POISON}")
    rung = [queue for queue in queues if not queue.name.endswith(POISON)]
    async with asyncio.TaskGroup() as deliveries:
        async for ring in source.rings():
            for queue in rung:
                if not queue.function.is_disabled:
                    deliveries.create_task(queue.deliver(ring))
