"""Timers that fire as the host's do (docs/reference/azure.md, "Timers")."""

import asyncio
import json
from dataclasses import replace
from datetime import datetime

from jobs.localhost.functions import Function
from jobs.localhost.invocations import Invocations
from jobs.localhost.monitor import Monitor, Status, occurrence_after, watches
from jobs.localhost.protos import Message, typed


class Timer:
    """The listener of one timer function.

    It is serial: one call at a time, and the next one is computed when the last has ended.
    """

    def __init__(self, function: Function, monitor: Monitor, invocations: Invocations) -> None:
        self.function = function
        self.schedule = function.schedule()
        self.clock = invocations.clock
        # More than once a minute: no status, and so no catch-up after downtime.
        self.monitor = monitor if watches(self.schedule, self.clock.now()) else None
        self.invocations = invocations

    async def listen(self) -> None:
        """Fire forever."""
        now = self.clock.now()
        status, is_past_due = self._status_at_start(now)
        if is_past_due:
            # Exactly one call, however long the host was down.
            status = await self._fire(status, now, is_past_due=True)
        while status.next:
            # An occurrence that passed during the run is fired at once, and only the latest of several: they leave
            # no trace, and IsPastDue stays false.
            await self.clock.sleep_until(status.next)
            status = await self._fire(status, self.clock.now(), is_past_due=False)
        await asyncio.get_running_loop().create_future()

    async def call_by_hand(self) -> None:
        """An operator's call: it doesn't wait for a firing that runs, and changes no status."""
        status = self.monitor.read(self.function.name) if self.monitor else None
        await self.invocations.call(self.function, "manual", _data(status, is_past_due=False))

    async def _fire(self, status: Status, now: datetime, *, is_past_due: bool) -> Status:
        why = "past due" if is_past_due else "schedule"
        # A function that raises is reported and forgotten: the schedule goes on.
        await self.invocations.call(
            self.function, why, _data(status if self.monitor else None, is_past_due=is_past_due)
        )
        # Computed from the time when it fired, and written only now: a host that dies during the call fires it again.
        after = Status(last=now, next=occurrence_after(self.schedule, now), last_updated=now)
        if self.monitor:
            self.monitor.write(self.function.name, after)
        return after

    def _status_at_start(self, now: datetime) -> tuple[Status, bool]:
        """The status to go on with, and whether an occurrence passed while nobody listened."""
        fresh = Status(last=None, next=occurrence_after(self.schedule, now), last_updated=now)
        if not self.monitor:
            return fresh, False
        known = self.monitor.read(self.function.name)
        if known is None:
            self.monitor.write(self.function.name, fresh)
            return fresh, False
        expected = occurrence_after(self.schedule, known.last or known.last_updated)
        if known.next != expected:
            # The schedule was changed: never past due.
            known = fresh if expected is None or expected < now else replace(known, last=None, next=expected)
            self.monitor.write(self.function.name, known)
        return known, known.next is not None and known.next < now


def _data(status: Status | None, *, is_past_due: bool) -> Message:
    return typed(
        json=json.dumps(
            {
                "Schedule": {"AdjustForDST": True},
                "ScheduleStatus": status.as_json() if status else None,
                "IsPastDue": is_past_due,
            }
        )
    )
