"""A clock that stands still until a test moves it, and timers on it whose calls are only written down."""

import asyncio
import json
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from jobs.localhost.functions import Function
from jobs.localhost.monitor import Monitor
from jobs.localhost.timers import Timer
from jobs.localhost.worker import Reply
from tests.helpers import moments

# Of 1 June 2026, unless the text has a day of its own.
at = partial(moments.at, day="2026-06-01")


class MovedClock:
    def __init__(self, now: datetime) -> None:
        self._now = now
        self._sleepers: list[tuple[datetime, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return self._now

    async def sleep_until(self, moment: datetime) -> None:
        if moment > self._now:
            sleeper = (moment, asyncio.get_running_loop().create_future())
            self._sleepers.append(sleeper)
            try:
                await sleeper[1]
            finally:
                self._sleepers.remove(sleeper)

    async def move_to(self, moment: datetime) -> None:
        """Let time pass: whoever sleeps wakes at their moment, one after the other."""
        await settle()
        while due := sorted((sleeper for sleeper in self._sleepers if sleeper[0] <= moment), key=lambda s: s[0]):
            self._now, future = due[0]
            future.set_result(None)
            await settle()
        self._now = moment


async def settle() -> None:
    """Let every task go on as far as it can."""
    for _ in range(20):
        await asyncio.sleep(0)


@dataclass
class Calls:
    """Writes down what the timers call, in the place of Invocations. A call takes `lasts`, and fails with `error`."""

    clock: MovedClock
    lasts: timedelta = timedelta(0)
    error: str = ""
    made: list[tuple[str, str]] = field(default_factory=list)
    data: list[Any] = field(default_factory=list)

    async def call(self, function: Function, why: str, data: Any, *_: Any, **__: Any) -> Reply:
        self.made.append((f"{self.clock.now():%H:%M:%S}", why))
        self.data.append(json.loads(data.json))
        await self.clock.sleep_until(self.clock.now() + self.lasts)
        return Reply(error=self.error)


def timer(schedule: str, file: Path, calls: Calls) -> Timer:
    binding = {"type": "timerTrigger", "name": "timer", "schedule": schedule}
    return Timer(Function(name="nightly", id="1", bindings=(binding,)), Monitor(file), calls)  # type: ignore[arg-type]


def play(
    schedule: str,
    file: Path,
    start: datetime,
    end: datetime,
    *,
    lasts: timedelta = timedelta(0),
    error: str = "",
    also: Callable[[Timer, MovedClock], Coroutine[Any, Any, None]] | None = None,
) -> Calls:
    """What a host calls for this schedule that is up from `start` to `end`; `also` happens meanwhile."""

    async def story() -> Calls:
        clock = MovedClock(start)
        calls = Calls(clock, lasts, error)
        played = timer(schedule, file, calls)
        listening = asyncio.create_task(played.listen())
        await settle()
        if also:
            await also(played, clock)
        await clock.move_to(end)
        listening.cancel()
        await settle()
        return calls

    return asyncio.run(story())
