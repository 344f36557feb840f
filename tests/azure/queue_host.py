"""Plays the Functions host for our queues, in a process of its own that a test may kill.

docs/reference/azure.md, "Queues"

python -m tests.azure.queue_host '{"visibility": 3, "tick_every": 0.5, "timing": {"FORGOTTEN": 0.5}}'

It takes as many messages at once as host.json's batchSize says, and more once no more than newBatchThreshold are at
work; calls our function through the real worker library,
deletes a message whose call succeeded, shows it again at once where it failed, and moves it to the poison queue when it
has failed five times. A message whose host died comes back once its visibility (seconds) has passed; no test lasts long
enough for it to be renewed. With `tick_every` (seconds) it also calls the tick, as the timer does each minute.
`declare` (names and rules) adds jobs to the project's, and with `break_execute` each call of execute_run raises.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress
from datetime import timedelta

from azure.core.exceptions import AzureError, ResourceNotFoundError
from azure.storage.queue import QueueClient
from django.conf import settings

from jobs.azure import storage
from jobs.declarations.host_json import HostJson
from jobs.localhost.protos import typed
from jobs.localhost.worker import Worker

PAST = {"IsPastDue": False, "ScheduleStatus": None}


def queue(name):
    return QueueClient.from_connection_string(os.environ[storage.CONNECTION], name, retry_total=0, read_timeout=5)


class Listener:
    def __init__(self, worker, function, visibility):
        self.worker = worker
        self.function = function
        self.visibility = visibility
        name = function.setting("queueName")
        self.queue = queue(name)
        self.poison = None if name.endswith("-poison") else queue(f"{name}-poison")
        self.settings = HostJson.of(settings.BASE_DIR)

    def messages(self):
        at_once = self.settings.batch_size
        found = self.queue.receive_messages(max_messages=at_once, visibility_timeout=self.visibility)
        with suppress(AzureError):
            return list(found)
        return []

    async def listen(self):
        at_work = set()
        while True:
            messages = await asyncio.to_thread(self.messages)
            at_work |= {asyncio.create_task(self.deliver(message)) for message in messages}
            while len(at_work) > self.settings.new_batch_threshold:
                _, at_work = await asyncio.wait(at_work, return_when=asyncio.FIRST_COMPLETED)
            if not messages:
                await asyncio.sleep(0.1)

    async def deliver(self, message):
        metadata = {"Id": typed(string=message.id), "DequeueCount": typed(json=str(message.dequeue_count))}
        reply = await self.worker.invoke(self.function, typed(string=message.content), metadata)
        if reply.error:
            print("failed", self.function.name, message.content, reply.error, file=sys.stderr, flush=True)
        with suppress(AzureError):
            await asyncio.to_thread(self.settle, message, bool(reply.error))

    def settle(self, message, failed):
        if not failed:
            self.queue.delete_message(message)
        elif self.poison is not None:
            if message.dequeue_count < self.settings.max_dequeue_count:
                self.queue.update_message(message, visibility_timeout=0)
            else:
                with suppress(AzureError):
                    self.poison.create_queue()
                self.poison.send_message(message.content)
                self.queue.delete_message(message)


async def main(orders):
    worker = Worker()
    functions = {function.name: function for function in await worker.index(settings.BASE_DIR)}
    prepare(orders)
    tasks = []
    for function in functions.values():
        if function.kind == "queueTrigger":
            listener = Listener(worker, function, orders.get("visibility", 30))
            with suppress(ResourceNotFoundError, AzureError):
                listener.queue.create_queue()
            tasks.append(listener.listen())
    if every := orders.get("tick_every"):
        tasks.append(tick(worker, functions["tick"], every))
    print("ready", flush=True)
    await asyncio.gather(*tasks)


async def tick(worker, function, every):
    while True:
        await worker.invoke(function, typed(json=json.dumps(PAST)))
        await asyncio.sleep(every)


def prepare(orders):
    from jobs import declare
    from jobs.declarations.registry import registry
    from jobs.execution import startup
    from jobs.execution.worker import this_worker
    from jobs.ledger import timing
    from tests.helpers.declarations import rules

    for name, value in orders.get("timing", {}).items():
        setattr(timing, name, timedelta(seconds=value))
    for name, written in orders.get("declare", []):
        registry.remove(name)
        declare(name, **rules(written))
    if orders.get("break_execute"):
        this_worker.execute = broken
    startup.begin()


def broken(*_, **__):
    raise RuntimeError("a test broke it")


if __name__ == "__main__":
    import django

    django.setup()
    asyncio.run(main(json.loads(sys.argv[1])))
