"""Run in a process of its own: the local host's timers over the days that it is given, with its clock moved.

python -m tests.localhost.days FOLDER < days.json      a list of {"start":, "end":, "jobs": {name: rules}, "tick":}

The worker library is the real one, the app is that of the project with these jobs, and runs have children of their own.
PostgreSQL's clock is moved along: it is read from the table moved.clock. Prints the calls that were made, by day.
"""

import asyncio
import json
import os
import sys
import time
from collections import Counter
from datetime import datetime, timedelta
from pathlib import Path

import psycopg

from jobs import clocks
from jobs.localhost.invocations import Invocations
from jobs.localhost.monitor import Monitor
from jobs.localhost.timers import Timer
from jobs.localhost.worker import Worker
from tests.localhost.moved_clock import MovedClock, settle

APP = "from jobs.azure.functions import build\napp = build()\n"


class HostClock(MovedClock):
    """A moved clock for calls that are really made, on threads: time goes on once every listener sleeps again."""

    def __init__(self, now, listeners, database):
        super().__init__(now)
        self.listeners = listeners
        self.database = database
        self.show()

    def show(self):
        shown_at = time.monotonic()
        clocks.wall = self.now
        clocks.elapsed = lambda: self._now.timestamp() + time.monotonic() - shown_at
        self.database.execute("UPDATE moved.clock SET now = %s, since = pg_catalog.clock_timestamp()", [self._now])

    async def move_to(self, moment):
        await self.all_sleep()
        while due := sorted((sleeper for sleeper in self._sleepers if sleeper[0] <= moment), key=lambda s: s[0]):
            self._now, future = due[0]
            self.show()
            future.set_result(None)
            await settle()
            await self.all_sleep()
        self._now = moment

    async def all_sleep(self):
        while len(self._sleepers) < self.listeners:
            await asyncio.sleep(0.0005)


async def play(day, folder, worker, functions, database):
    """What the host calls from the start of the day to its end: how often each function."""
    lines = []
    names = [*day["jobs"], *(["tick"] if day["tick"] else [])]
    listening = [name for name in names if name in functions]
    clock = HostClock(datetime.fromisoformat(day["start"]), len(listening), database)
    invocations = Invocations(worker, clock, lines.append)
    monitor = Monitor(folder / f"{day['start']}.json")
    timers = [Timer(functions[name], monitor, invocations) for name in listening]
    tasks = [asyncio.create_task(timer.listen()) for timer in timers]
    await settle()
    await clock.move_to(datetime.fromisoformat(day["end"]))
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert all(line.endswith("  ok") for line in lines), "\n".join(lines)
    return Counter(line.split()[1] for line in lines)


def main(folder, days):
    from jobs import declare
    from jobs.declarations.registry import registry
    from jobs.execution import tick
    from jobs.execution.worker import this_worker
    from jobs.ledger import states

    registry.clear()
    for day in days:
        for name, rules in day["jobs"].items():
            declare(name, command="succeeds", **rules)
    assert not registry.problems, registry.problems
    (folder / "function_app.py").write_text(APP)
    worker, calls = Worker(), []
    with asyncio.Runner() as runner, psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as database:
        functions = {function.name: function for function in runner.run(worker.index(folder))}
        for day in days:
            start = datetime.fromisoformat(day["start"])
            states.first_seen = lambda clock, start=start: start
            tick.here.forget()
            calls.append(runner.run(play(day, folder, worker, functions, database)))
        this_worker.shut_down(timedelta(0))
        worker.stop()
    return calls


if __name__ == "__main__":
    import django

    django.setup()
    print(json.dumps(main(Path(sys.argv[1]), json.load(sys.stdin))))
    sys.stdout.flush()
