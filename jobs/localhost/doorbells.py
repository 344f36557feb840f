"""Where messages come from: PostgreSQL's NOTIFY, in the place of Azure's Storage Queue."""

import asyncio
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from typing import Any, NamedTuple, Protocol

import psycopg
from django.db import connections

from jobs.ledger.doorbell import CHANNEL
from jobs.localhost.shutdown import in_own_thread

# Seconds between two tries to reach PostgreSQL: doubled from the first to the last.
FIRST_PAUSE, LONGEST_PAUSE = 0.25, 8.0


class Ring(NamedTuple):
    """A message: its text, and how long it stays invisible."""

    text: str
    delay: timedelta


class Source(Protocol):
    """A source of messages that never ends, whatever happens."""

    def rings(self) -> AsyncIterator[Ring]: ...


class PostgresDoorbell:
    """LISTEN on the doorbell's channel. A ring during an outage is lost: the tick makes it good."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say

    async def rings(self) -> AsyncIterator[Ring]:
        pause, is_lost = FIRST_PAUSE, False
        while True:
            try:
                async with await psycopg.AsyncConnection.connect(
                    **await in_own_thread(_parameters), autocommit=True
                ) as connection:
                    await connection.execute(f"LISTEN {CHANNEL}")
                    if is_lost:
                        self.say("The doorbell's database is back.")
                    pause, is_lost = FIRST_PAUSE, False
                    async for notice in connection.notifies():
                        if ring := self._read(notice.payload):
                            yield ring
            except psycopg.OperationalError as error:
                if not is_lost:
                    reason = " ".join(str(error).split())
                    self.say(f"The doorbell's database can't be reached; retrying. {reason}")
                is_lost = True
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_PAUSE)

    def _read(self, payload: str) -> Ring | None:
        run, _, seconds = payload.partition(" ")
        try:
            return Ring(str(int(run)), timedelta(seconds=float(seconds)))
        except (ValueError, OverflowError):
            self.say(f"A doorbell rang with {payload!r}, which isn't a run's id with a delay in seconds.")
            return None


def _parameters() -> dict[str, Any]:
    """How Django reaches the database, without what only its own connections understand."""
    parameters = connections["default"].get_connection_params()
    return {name: value for name, value in parameters.items() if name not in {"cursor_factory", "context"}}
