"""The ledger is kept in PostgreSQL, in the schema that the settings name. jobs.E024, jobs.E025"""

from collections.abc import Sequence
from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DEFAULT_DB_ALIAS, connections

from jobs.ledger.schema import misplaced


def postgresql(**_: Any) -> list[CheckMessage]:
    """The default database is PostgreSQL. Nothing is asked of it."""
    connection = connections[DEFAULT_DB_ALIAS]
    if connection.vendor == "postgresql":
        return []
    return [
        Error(
            f"The default database is {connection.display_name}. Nightshift keeps its ledger in PostgreSQL.",
            hint="Set DATABASES['default'] to a PostgreSQL database, 15 or newer, with psycopg 3.",
            id="jobs.E024",
        )
    ]


def schema(*, databases: Sequence[str] | None = None, **_: Any) -> list[CheckMessage]:
    """The tables are where JOBS_SCHEMA says, if a command has asked for checks of the database."""
    if not databases or DEFAULT_DB_ALIAS not in databases or connections[DEFAULT_DB_ALIAS].vendor != "postgresql":
        return []
    fact, _dot, hint = misplaced().partition(". ")
    return [Error(f"{fact}.", hint=hint, id="jobs.E025")] if fact else []
