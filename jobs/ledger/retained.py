"""How retention reads and deletes output and runs: the statements. `walking` walks them, `keeping` says what goes."""

from collections import Counter
from datetime import UTC, datetime
from typing import Any, NamedTuple

from jobs.ledger import sql
from jobs.ledger.beginnings import Beginnings, NewestRuns
from jobs.ledger.keeping import Ended, Rules
from jobs.ledger.walking import Strides, Table

# Output up to here goes with its run, where that goes now: as many pieces, or long values of as many chunks.
LITTLE = 4
BEGINNING, END = datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)
# Of a long value 2 KB are a row of the table beside.
CHUNK = 2_000


class Piece(NamedTuple):
    """A piece of output, with the run whose attempt wrote it."""

    attempt_id: int
    number: int
    id: int
    weight: int
    run: Ended

    @property
    def key(self) -> tuple[Any, ...]:
        return self.attempt_id, self.number

    @property
    def at(self) -> datetime:
        return self.run.finished_at or END


class OldRun(NamedTuple):
    run: Ended
    attempts: int
    weight: int

    @property
    def key(self) -> tuple[Any, ...]:
        return self.run.finished_at, self.run.id

    @property
    def at(self) -> datetime:
        assert self.run.finished_at is not None
        return self.run.finished_at


def outputs(rules: Rules, newest: NewestRuns) -> Table[Piece]:
    """Output, oldest attempt first. The attempt says from then on that its output was deleted."""

    strides = Strides()

    def read(began: tuple[Any, ...], reached: tuple[Any, ...], limit: int) -> list[Piece]:
        found: list[Piece] = []
        for low, high in strides.up_to(began[0], _last_attempt()):
            found += read_range(low, high, reached, limit - len(found))
            if len(found) == limit:
                break
        return found

    def read_range(low: int, high: int, reached: tuple[Any, ...], limit: int) -> list[Piece]:
        rows = sql.rows(
            """
            SELECT o.attempt_id, o.number, o.id, o.weight,
                   r.id, r.job, r.status, r.scheduled_for, r.finished_at, r.pinned
              FROM (
                   SELECT attempt_id, number, id, 1 + pg_column_size(body) / %(chunk)s AS weight FROM nightshift_output
                    WHERE attempt_id >= %(low)s AND attempt_id < %(high)s
                          AND (attempt_id + 0, number) > (%(attempt)s, %(number)s)
                    ORDER BY attempt_id, number LIMIT %(limit)s
              ) AS o
              -- OFFSET keeps these apart, so that each is looked up: a join may read the whole table.
              CROSS JOIN LATERAL (SELECT run_id FROM nightshift_attempt WHERE id = o.attempt_id OFFSET 0) AS a
              CROSS JOIN LATERAL (SELECT * FROM nightshift_run WHERE id = a.run_id OFFSET 0) AS r
             ORDER BY o.attempt_id, o.number
            """,
            {
                "low": low,
                "high": high,
                "attempt": reached[0],
                "number": reached[1],
                "limit": limit,
                "chunk": CHUNK,
            },
        )
        return [Piece(attempt, number, piece, weight, Ended(*run)) for attempt, number, piece, weight, *run in rows]

    def goes(rows: list[Piece]) -> list[Piece]:
        newest.read({row.run.job for row in rows})
        pieces = Counter(row.attempt_id for row in rows)
        return [row for row in rows if rules.output_goes(row.run) and not goes_with_run(row, pieces[row.attempt_id])]

    def goes_with_run(row: Piece, pieces: int) -> bool:
        # Little costs nothing more there, and needs no note.
        return row.weight * pieces <= LITTLE and rules.run_goes(row.run)

    def delete(rows: list[Piece]) -> None:
        sql.execute(
            """
            WITH free AS (
                SELECT a.id FROM nightshift_attempt a JOIN nightshift_run r ON r.id = a.run_id
                 WHERE a.id = ANY(%(attempts)s) AND NOT r.pinned
            ), noted AS (
                UPDATE nightshift_attempt SET output_deleted_at = clock_timestamp()
                 WHERE id IN (SELECT id FROM free) AND output_deleted_at IS NULL
            )
            DELETE FROM nightshift_output WHERE id = ANY(%(pieces)s) AND attempt_id IN (SELECT id FROM free)
            """,
            {"attempts": sorted({row.attempt_id for row in rows}), "pieces": [row.id for row in rows]},
        )

    return Table(first=(0, -1), read=read, goes=goes, delete=delete)


def _last_attempt() -> int:
    last = sql.value("SELECT pg_sequence_last_value(pg_get_serial_sequence('nightshift_attempt', 'id'))")
    return last or 0


def runs(rules: Rules, newest: NewestRuns, beginnings: Beginnings) -> Table[OldRun]:
    """Runs in the order of their ends, with all that belongs to them."""

    def read(began: tuple[Any, ...], reached: tuple[Any, ...], limit: int) -> list[OldRun]:
        rows = sql.rows(
            """
            SELECT attempt, 1 + attempt + coalesce(pg_column_size(result), 0) / %(chunk)s,
                   id, job, status, scheduled_for, finished_at, pinned
              FROM nightshift_run
             WHERE finished_at >= %(began)s AND (finished_at + interval '0', id) > (%(at)s, %(id)s)
             ORDER BY finished_at, id LIMIT %(limit)s
            """,
            {"began": began[0], "at": reached[0], "id": reached[1], "limit": limit, "chunk": CHUNK},
        )
        return [OldRun(Ended(*run), attempts, weight) for attempts, weight, *run in rows]

    def goes(rows: list[OldRun]) -> list[OldRun]:
        newest.read({row.run.job for row in rows})
        return [row for row in rows if rules.run_goes(row.run)]

    def prepare(rows: list[OldRun]) -> list[OldRun]:
        locked = beginnings.move((row.run.job, row.run.scheduled_for) for row in rows)
        return [row for row in rows if row.run.job not in locked]

    def delete(rows: list[OldRun]) -> None:
        sql.execute("DELETE FROM nightshift_run WHERE id = ANY(%s) AND NOT pinned", [[row.run.id for row in rows]])

    return Table(first=(BEGINNING, 0), read=read, goes=goes, prepare=prepare, delete=delete)
