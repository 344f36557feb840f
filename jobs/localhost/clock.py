"""The clock of the local host. Tests bring one of their own and move it."""

import asyncio
from datetime import UTC, datetime
from typing import Protocol

# asyncio doesn't count the hours in which a laptop slept: the wall is asked again this often (seconds).
LONGEST_NAP = 5


class Clock(Protocol):
    """What time it is (in UTC, as on Azure's Linux plans), and a way to wait."""

    def now(self) -> datetime: ...

    async def sleep_until(self, moment: datetime) -> None: ...


class SystemClock:
    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        while (remaining := (moment - self.now()).total_seconds()) > 0:
            await asyncio.sleep(min(remaining, LONGEST_NAP))
