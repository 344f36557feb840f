"""Statements that the ORM can't say as well: conditional changes that answer what they changed, and sets of rows.

Their parameters are sent beside them, so that in a session of ours (`sessions`) the server prepares them: it plans a
statement once a connection, in place of each time. Django's query log and `connection.execute_wrapper` see them as they
see its own.
"""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection
from django.db.backends.utils import CursorDebugWrapper, CursorWrapper
from psycopg import errors

from jobs.ledger import sessions
from jobs.ledger.busy import Busy, busy_told_apart

__all__ = ["AWAY", "Busy", "execute", "preparing", "row", "rows", "value"]

log = logging.getLogger(__name__)

# The database is away, or takes no writes: a full disk and a standby that isn't promoted yet make it read-only.
AWAY = (OperationalError, InterfaceError, InternalError)
# Prepared at its second time on a connection.
PREPARED_AFTER = 1
# What a pooler's server says that hands each transaction to another session.
NOT_PREPARED_HERE = (errors.InvalidSqlStatementName, errors.DuplicatePreparedStatement)


def rows(statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """All rows that the statement gives. Raises Busy, as all of these, where another session is in its way."""
    with _executed(statement, parameters) as cursor:
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def row(statement: str, parameters: Any = None) -> tuple[Any, ...] | None:
    """The first row that the statement gives; None where it gives none."""
    with _executed(statement, parameters) as cursor:
        found: tuple[Any, ...] | None = cursor.fetchone()
        return found


def value(statement: str, parameters: Any = None) -> Any:
    """The one value that the statement gives."""
    found = row(statement, parameters)
    assert found is not None
    return found[0]


def execute(statement: str, parameters: Any = None, *, prepare: bool = True) -> None:
    """Carry the statement out. `%b` is for bytes. Without `prepare`: one whose text is seldom the same."""
    with _executed(statement, parameters, prepare=prepare):
        pass


def row_at_once(statement: str, parameters: Any = None) -> tuple[Any, ...] | None:
    """`row`, of a statement that waits for no other session: it needs no bounds, and commits itself.

    So it is prepared in any session. What was planned for an empty ledger is planned again when that has grown: the
    server does so when a table was analyzed.
    """
    with _executed(statement, parameters, needs_no_bounds=True) as cursor:
        found: tuple[Any, ...] | None = cursor.fetchone()
        return found


@contextmanager
def _executed(
    statement: str, parameters: Any, *, prepare: bool = True, needs_no_bounds: bool = False
) -> Iterator[CursorWrapper]:
    with busy_told_apart(), _cursor() as cursor:
        is_prepared = prepare and preparing.is_on and (needs_no_bounds or sessions.are_bounded())
        try:
            _execute(cursor, statement, parameters, is_prepared)
        except DatabaseError as error:
            if not isinstance(error.__cause__, NOT_PREPARED_HERE):
                raise
            preparing.turn_off()
            if connection.in_atomic_block:
                raise  # the transaction has failed with it: its caller, or the next tick, does all of it again
            _execute(cursor, statement, parameters, prepare=False)
        yield cursor


def _cursor() -> CursorWrapper:
    """A cursor that sends parameters beside the statement, where Django's own writes them into it."""
    connection.close_if_health_check_failed()
    connection.ensure_connection()
    connection.validate_thread_sharing()
    with connection.wrap_database_errors:
        cursor = psycopg.Cursor(connection.connection)
    return (_LoggingCursor if connection.queries_logged else CursorWrapper)(cursor, connection)


class _LoggingCursor(CursorDebugWrapper):
    """Writes into Django's query log what it would have written for a cursor of its own: with the parameters in it."""

    def debug_sql(
        self, sql: str | None = None, params: Any = None, use_last_executed_query: bool = False, many: bool = False
    ) -> AbstractContextManager[None]:
        return super().debug_sql(self.db.ops.compose_sql(sql, params), params, False, many)


def _execute(cursor: CursorWrapper, statement: str, parameters: Any, prepare: bool) -> None:
    # Only for this statement: the project's own are prepared as its settings say.
    session = cursor.cursor.connection
    before, session.prepare_threshold = session.prepare_threshold, PREPARED_AFTER if prepare else None
    try:
        cursor.execute(statement, parameters)
    finally:
        session.prepare_threshold = before


class Preparing:
    """Whether statements are prepared: not behind a pooler that gives each transaction another session."""

    def __init__(self) -> None:
        self._works = True

    @property
    def is_on(self) -> bool:
        # What Django has a project set behind such a pooler.
        behind_a_pooler = connection.settings_dict.get("DISABLE_SERVER_SIDE_CURSORS", False)
        return self._works and not behind_a_pooler

    def turn_off(self) -> None:
        """Prepare nothing from now on."""
        self._works = False
        log.warning(
            "The database lost a prepared statement, as behind a pooler that gives each transaction another session: "
            "no more are prepared. Set DISABLE_SERVER_SIDE_CURSORS in DATABASES."
        )


preparing = Preparing()
