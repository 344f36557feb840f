"""The ledger is kept in PostgreSQL. jobs.E024"""

from typing import Any

from django.core.checks import CheckMessage, Error
from django.db import DEFAULT_DB_ALIAS, connections


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
