"""Statements that the ORM can't say as well: conditional changes that tell what they changed, and sets of rows."""

from typing import Any

import psycopg
from django.db import InterfaceError, InternalError, OperationalError, connection

# The database is away, or takes no writes: a full disk and a standby that isn't promoted yet make it read-only.
AWAY = (OperationalError, InterfaceError, InternalError)


def rows(statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    """All rows that the statement gives."""
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def row(statement: str, parameters: Any = None) -> tuple[Any, ...] | None:
    """The first row that the statement gives; None where it gives none."""
    with connection.cursor() as cursor:
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
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)


def execute_beside(statement: str, parameters: Any) -> None:
    """Carry the statement out with its parameters sent beside it: `%b` is for bytes, which go as they are.

    Django writes parameters into the statement, where each byte takes two characters for the server to read.
    """
    connection.ensure_connection()
    with connection.wrap_database_errors, psycopg.Cursor(connection.connection) as cursor:
        cursor.execute(statement, parameters)
