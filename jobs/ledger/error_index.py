"""The index by which words are found in the errors of all runs. It needs PostgreSQL's extension pg_trgm.

Not every server has it, or lets us use it: on Azure it must be in the server parameter `azure.extensions`. So no
migration depends on it: `manage.py migrate` makes the index whenever it is missing and can be made.
"""

from django.db import DatabaseError, connections, transaction

from jobs.ledger import sql

NAME = "nightshift_run_error_words"
# It waits for the transactions of all jobs at work, and a deployment waits for it: the next one tries again.
LONGEST_WAIT = "20s"
# Beside what is at work. Without the list of pending entries that each search would have to read.
INDEX = f"""
    CREATE INDEX CONCURRENTLY {NAME} ON nightshift_run USING gin (upper(error) gin_trgm_ops) WITH (fastupdate = off)
     WHERE error <> ''
"""


def exists() -> bool:
    """Whether the index is there, and complete."""
    found: bool = sql.value(
        "SELECT EXISTS (SELECT FROM pg_index WHERE indexrelid = to_regclass(%s) AND indisvalid)", [NAME]
    )
    return found


def make(alias: str = "default") -> str:
    """Make the index if it is missing and the ledger is there. Gives why that can't be; empty where it could."""
    connection = connections[alias]
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT to_regclass('nightshift_run') IS NULL OR coalesce((SELECT indisvalid FROM pg_index"
            " WHERE indexrelid = to_regclass(%s)), false)",
            [NAME],
        )
        if cursor.fetchone()[0]:
            return ""
        if connection.in_atomic_block:
            return "it can't be made within a transaction."
        try:
            with transaction.atomic(alias):
                cursor.execute("CREATE EXTENSION IF NOT EXISTS pg_trgm")
            cursor.execute(f"SET lock_timeout = '{LONGEST_WAIT}'")
            # One that was interrupted is there, and of no use.
            cursor.execute(f"DROP INDEX CONCURRENTLY IF EXISTS {NAME}")
            cursor.execute(INDEX)
        except DatabaseError as error:
            return str(error).strip().splitlines()[0]
        finally:
            cursor.execute("RESET lock_timeout")
    return ""
