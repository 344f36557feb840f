"""A large table walked in slices, by its index, and what may go of it deleted in batches that nobody feels.

Between two statements nothing is held: no lock, no snapshot. So a walk may stop after any of them, readers and vacuum
go on beside it, and the next walk finds what this one left.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from jobs.ledger import sql
from jobs.ledger.sessions import ledger_transaction

# How many rows a statement looks at.
SLICE = 1_000
# How long a statement that deletes should take, in seconds, and how much of it at most: rows, or 2 KB of long values.
AIM = 0.025
LEAST, MOST = 200, 2_000
# After each batch the walk rests for so many times as long as it took: readers have the server to themselves.
REST = 0.3
TURN = "pg_advisory_xact_lock(hashtextextended('jobs.ledger.retention', 0))"


class Row(Protocol):
    """What a slice gives of a row: what it is ordered by, what deleting it costs, and when it came into being."""

    @property
    def key(self) -> tuple[Any, ...]: ...
    @property
    def weight(self) -> int: ...
    @property
    def at(self) -> datetime: ...


class Pace:
    """How much one statement deletes: as much as it can in the time that it should take."""

    FIRST = 250

    def __init__(self) -> None:
        self.weight = self.FIRST

    def batches[R: Row](self, rows: Sequence[R]) -> Iterator[list[R]]:
        """The rows in their order, as many at a time as the pace allows then."""
        batch: list[R] = []
        total = 0
        for row in rows:
            if batch and total + row.weight > self.weight:
                yield batch
                batch, total = [], 0
            batch.append(row)
            total += row.weight
        if batch:
            yield batch

    def took(self, weight: int, seconds: float) -> None:
        """A statement deleted this much in so long."""
        if weight >= self.weight // 2 or seconds > AIM:
            wanted = weight * AIM / max(seconds, 0.001)
            self.weight = round(min(max(wanted, self.weight / 2, LEAST), self.weight * 1.5, MOST))


class Strides:
    """Ranges of ids, one a statement, as wide as it can read in the time that it should take.

    What was deleted is in the index until a statement or vacuum has passed it: after a million deletions one
    statement over all of them would take half a second.
    """

    FIRST, LEAST = 2_000, 100

    def __init__(self) -> None:
        self.width = self.FIRST

    def up_to(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Ranges that follow each other, from `first` to beyond `last`: where each begins, and where the next does."""
        while first <= last:
            began, high = time.monotonic(), first + self.width
            yield first, high
            is_slow = time.monotonic() - began > AIM
            self.width = max(self.width // 2, self.LEAST) if is_slow else self.width * 2
            first = high


@dataclass(frozen=True, kw_only=True, slots=True)
class Table[R: Row]:
    """How a table is walked, from the key `first` on.

    `read` gives the next rows in the order of their keys; it is asked with where the slice before began, where that
    ended, and how many. An index entry of a deleted row is skipped at no cost once a statement has passed it: so each
    begins where the one before did. `goes` gives those of a slice that may go.

    `prepare` does what has to come before, and gives those that may still go; `delete` is one statement.
    """

    first: tuple[Any, ...]
    read: Callable[[tuple[Any, ...], tuple[Any, ...], int], list[R]]
    goes: Callable[[list[R]], list[R]]
    delete: Callable[[list[R]], None]
    prepare: Callable[[list[R]], list[R]] = list


class Stopped(Exception):
    """The walk was asked to stop. What it deleted is gone, and the next one goes on."""


def walk[R: Row](
    table: Table[R], until: datetime, *, stop: Callable[[], bool], dry_run: bool = False
) -> Iterator[list[R]]:
    """Delete what may go of the table, oldest first, and give what went, in batches; with `dry_run` what would go.

    It ends where a slice has nothing that is older than `until`. Raises Stopped.
    """
    began, reached, pace = table.first, table.first, Pace()
    while rows := table.read(began, reached, SLICE):
        for batch in pace.batches(table.goes(rows)):
            if stop():
                raise Stopped
            yield batch if dry_run else _delete(table, batch, pace)
        if stop():
            raise Stopped
        if len(rows) < SLICE or all(row.at >= until for row in rows):
            return
        began, reached = reached, rows[-1].key


def _delete[R: Row](table: Table[R], batch: list[R], pace: Pace) -> list[R]:
    before = time.monotonic()
    batch = table.prepare(batch)
    with ledger_transaction():
        # A deletion that a crash takes back is repeated: nobody waits for the disk. What takes turns with it: pins.
        sql.execute(f"SELECT set_config('synchronous_commit', 'off', true), {TURN}")
        began = time.monotonic()
        table.delete(batch)
        pace.took(sum(row.weight for row in batch), time.monotonic() - began)
    time.sleep((time.monotonic() - before) * REST)
    return batch
