"""How retention reads and deletes what explains runs: gaps, repairs, events, ended interventions, incidents.

Tables walked by their id.
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

from jobs.ledger import sql
from jobs.ledger.beginnings import Beginnings
from jobs.ledger.keeping import Rules
from jobs.ledger.walking import Table


class Other(NamedTuple):
    """A gap, event, intervention or incident: when it was written, and what it is about."""

    id: int
    at: datetime
    job: str
    first: datetime | None
    last: datetime | None
    run_id: int | None = None

    @property
    def weight(self) -> int:
        return 1

    @property
    def key(self) -> tuple[Any, ...]:
        return (self.id,)


def gaps(rules: Rules, beginnings: Beginnings) -> Table[Other]:
    """Gaps that have aged. The latest of a job may still grow."""
    growing = {gap for (gap,) in sql.rows("SELECT last_gap_id FROM nightshift_jobstate WHERE last_gap_id IS NOT NULL")}

    def goes(rows: list[Other]) -> list[Other]:
        return [row for row in rows if row.id not in growing and may_go(row)]

    def may_go(gap: Other) -> bool:
        assert gap.first is not None
        assert gap.last is not None
        return rules.has_aged(gap.job, gap.last) and rules.is_decided(gap.job, gap.first, gap.last)

    def prepare(rows: list[Other]) -> list[Other]:
        locked = beginnings.move((row.job, row.last) for row in rows)
        return [row for row in rows if row.job not in locked]

    def delete(rows: list[Other]) -> None:
        sql.execute(
            """
            DELETE FROM nightshift_gap g
             WHERE id = ANY(%s) AND NOT EXISTS (SELECT FROM nightshift_jobstate WHERE last_gap_id = g.id)
            """,
            [[row.id for row in rows]],
        )

    read = _reader("nightshift_gap", "recorded_at, job, first, last")
    return Table(first=(0,), read=read, goes=goes, prepare=prepare, delete=delete)


def repairs(rules: Rules) -> Table[Other]:
    """What gaps said of occurrences that were run afterwards: it explains their runs."""

    def goes(rows: list[Other]) -> list[Other]:
        return [row for row in rows if rules.has_aged(row.job, row.at)]

    read = _reader("nightshift_repair", "repaired_at, job, first, last")
    return Table(first=(0,), read=read, goes=goes, delete=_deleter("nightshift_repair"))


def notes(rules: Rules) -> Table[Other]:
    """Notes that have aged, and whose run went before them."""

    def goes(rows: list[Other]) -> list[Other]:
        return [row for row in rows if row.run_id is None and rules.has_aged(row.job, row.at)]

    def delete(rows: list[Other]) -> None:
        sql.execute("SELECT nightshift_prune_notes(%s)", [[row.id for row in rows]])

    read = _reader("nightshift_note", "at, job, at, at, run_id")
    return Table(first=(0,), read=read, goes=goes, delete=delete)


def events(rules: Rules) -> Table[Other]:
    """Events that have aged, and whose run went before them."""

    def goes(rows: list[Other]) -> list[Other]:
        return [row for row in rows if row.run_id is None and rules.has_aged(row.job, row.at)]

    def delete(rows: list[Other]) -> None:
        # Whoever else deletes one is refused by the database.
        sql.execute("SELECT nightshift_prune_events(%s)", [[row.id for row in rows]])

    read = _reader("nightshift_event", "at, job, at, at, run_id")
    return Table(first=(0,), read=read, goes=goes, delete=delete)


def interventions(rules: Rules) -> Table[Other]:
    """Interventions that ended long ago, also where nobody has settled their job since and they are still open."""

    def goes(rows: list[Other]) -> list[Other]:
        return [row for row in rows if row.last is not None and may_go(row.job, row.last)]

    def may_go(job: str, end: datetime) -> bool:
        # What was due while it was in force is decided by it.
        settled = rules.settled.get(job, end) if job else min(rules.settled.values(), default=end)
        return rules.has_aged(job, end) and end <= settled

    read = _reader("nightshift_intervention", "began_at, job, began_at, coalesce(ended_at, until)")
    return Table(first=(0,), read=read, goes=goes, delete=_deleter("nightshift_intervention"))


# An operator's word holds for as long as what it is about goes on: without it, the same thing would be told again.
_ENDED = """
    CASE WHEN resolution <> 'by_hand' OR EXISTS (
              SELECT FROM nightshift_incident later
               WHERE later.job = nightshift_incident.job AND later.cause = nightshift_incident.cause
                 AND later.id > nightshift_incident.id)
         THEN resolved_at END
"""


def incidents(rules: Rules) -> Table[Other]:
    """Incidents that ended long ago, with their notices; not the latest of a kind that an operator resolved."""

    def goes(rows: list[Other]) -> list[Other]:
        return [row for row in rows if row.last is not None and rules.has_aged(row.job, row.last)]

    read = _reader("nightshift_incident", f"opened_at, job, opened_at, {_ENDED}")
    return Table(first=(0,), read=read, goes=goes, delete=_deleter("nightshift_incident"))


def idempotency_keys(until: datetime) -> Table[Other]:
    """Keys of requests that no client repeats any more."""

    def goes(rows: list[Other]) -> list[Other]:
        return [row for row in rows if row.at < until]

    read = _reader("nightshift_idempotencykey", "at, '', at, at")
    return Table(first=(0,), read=read, goes=goes, delete=_deleter("nightshift_idempotencykey"))


def _reader(table: str, columns: str) -> Callable[[tuple[Any, ...], tuple[Any, ...], int], list[Other]]:
    def read(began: tuple[Any, ...], reached: tuple[Any, ...], limit: int) -> list[Other]:
        rows = sql.rows(
            f"SELECT id, {columns} FROM {table} WHERE id >= %s AND id + 0 > %s ORDER BY id LIMIT %s",  # noqa: S608 — fixed
            [began[0], reached[0], limit],
        )
        return [Other(*row) for row in rows]

    return read


def _deleter(table: str) -> Callable[[list[Other]], None]:
    def delete(rows: list[Other]) -> None:
        sql.execute(f"DELETE FROM {table} WHERE id = ANY(%s)", [[row.id for row in rows]])  # noqa: S608 — fixed

    return delete
