"""The queue trigger: so many at once, after their delay, and again where a call fails. The clock is moved."""

import asyncio
from contextlib import suppress
from datetime import timedelta

from jobs.localhost import queue
from jobs.localhost.doorbells import Ring
from jobs.localhost.functions import Function
from jobs.localhost.queue import Queue
from jobs.localhost.worker import Reply
from tests.localhost.moved_clock import MovedClock, at, settle

BINDING = {"type": "queueTrigger", "name": "message", "queueName": "jobs-runs"}
FUNCTION = Function(name="execute_run", id="1", bindings=(BINDING,))


class Deliveries:
    """Stands in for Invocations: writes down what is called. `fails` calls fail first; each takes a minute."""

    def __init__(self, clock, fails=0):
        self.clock = clock
        self.fails = fails
        self.made = []
        self.said = []
        self.say = self.said.append

    async def call(self, function, why, data, metadata, message):
        self.made.append((f"{self.clock.now():%H:%M:%S}", data.string, metadata["DequeueCount"].json))
        await self.clock.sleep_until(self.clock.now() + timedelta(minutes=1))
        self.fails -= 1
        return Reply(error="ValueError: no" if self.fails >= 0 else "")


class Source:
    def __init__(self, *rings):
        self.waiting = rings

    async def rings(self):
        for ring in self.waiting:
            yield ring
        await asyncio.get_running_loop().create_future()


def deliver(*rings, at_once=4, fails=0):
    """What is called for these rings within an hour."""

    async def story():
        clock = MovedClock(at("00:00"))
        deliveries = Deliveries(clock, fails)
        listener = Queue(FUNCTION, deliveries, at_once=at_once, attempts=5)
        listening = asyncio.create_task(queue.listen(Source(*rings), [listener]))
        await settle()
        await clock.move_to(at("01:00"))
        listening.cancel()
        with suppress(asyncio.CancelledError):
            await listening
        return deliveries

    return asyncio.run(story())


def ring(text, minutes=0.0):
    return Ring(text, timedelta(minutes=minutes))


def test_a_message_is_invisible_for_its_delay():
    assert deliver(ring("7", 10), ring("8")).made == [("00:00:00", "8", "1"), ("00:10:00", "7", "1")]


def test_no_more_than_a_batch_is_worked_on_at_once():
    made = deliver(*[ring(str(number)) for number in range(5)], at_once=2).made
    assert [moment for moment, *_ in made] == ["00:00:00", "00:00:00", "00:01:00", "00:01:00", "00:02:00"]
    assert [text for _, text, _ in made] == ["0", "1", "2", "3", "4"]


def test_a_call_that_fails_is_made_again_with_a_higher_count():
    deliveries = deliver(ring("7"), fails=1)
    assert deliveries.made == [("00:00:00", "7", "1"), ("00:01:00", "7", "2")]
    assert deliveries.said == []


def test_after_five_failures_the_message_is_given_up():
    deliveries = deliver(ring("7"), fails=99)
    assert [count for *_, count in deliveries.made] == ["1", "2", "3", "4", "5"]
    assert deliveries.said == [
        "execute_run failed 5 times with '7': Azure would move the message to the queue jobs-runs-poison."
    ]


def test_a_disabled_function_hears_nothing(monkeypatch):
    monkeypatch.setenv("AzureWebJobs_execute_run_Disabled", "1")
    assert deliver(ring("7")).made == []
