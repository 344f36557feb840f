"""Statements that the ORM can't say as well: conditional changes that answer what they changed, and sets of rows."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from django.db import DatabaseError, InterfaceError, InternalError, OperationalError, connection
from psycopg import errors

from jobs.sentences import Sentence

# The database is away, or takes no writes: a full disk and a standby that isn't promoted yet make it read-only.
AWAY = (OperationalError, InterfaceError, InternalError)


class Busy(Sentence, DatabaseError):
    """The database is there, but {what}: nothing was changed. Try again; pg_stat_activity shows what is in the way."""

    def __init__(self, what: str) -> None:
        super().__init__(what=what)


# Django takes these for OperationalErrors, as if the database were away.
BUSY = {
    errors.LockNotAvailable: "another session holds a lock that this statement needs",
    errors.QueryCanceled: "a statement took too long",
    errors.DeadlockDetected: "this statement and another one waited for each other",
}


def rows(statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """All rows that the statement gives. Raises Busy, as all of these, where another session is in its way."""
    with busy_told_apart(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def row(statement: str, parameters: Any = None) -> tuple[Any, ...] | None:
    """The first row that the statement gives; None where it gives none."""
    with busy_told_apart(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: tuple[Any, ...] | None = cursor.fetchone()
        return found


def value(statement: str, parameters: Any = None) -> Any:
    """The one value that the statement gives."""
    found = row(statement, parameters)
    assert found is not None
    return found[0]


def execute(statement: str, parameters: Any = None) -> None:
    """Carry the statement out."""
    with busy_told_apart(), connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def execute_beside(statement: str, parameters: Any) -> None:
    """Carry the statement out with its parameters sent beside it: `%b` is for bytes, which go as they are.

    Django writes parameters into the statement, where each byte takes two characters for the server to read.
    """
    connection.ensure_connection()
    with busy_told_apart(), connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, parameters)


@contextmanager
def busy_told_apart() -> Iterator[None]:
    try:
        yield
    except OperationalError as error:
        for cause, what in BUSY.items():
            if isinstance(error.__cause__, cause):
                raise Busy(what) from error
        raise
