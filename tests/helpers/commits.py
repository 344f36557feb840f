"""How much work a piece of code makes for the database, as the database itself counts it."""

import time
from collections.abc import Callable
from datetime import datetime

from django.db import connection


def commits(work: Callable[[], object], times: int = 5) -> int:
    """How many transactions that write, lock or notify `work` makes at most.

    Each of these takes the server's next number. Others take numbers as well (autovacuum, other databases of the
    server), which only adds: of so many calls the least is the answer.
    """
    return min(_numbers_taken(work) for _ in range(times))


def _numbers_taken(work: Callable[[], object]) -> int:
    before = _next_number()
    work()
    return _next_number() - before


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_snapshot_xmax(pg_current_snapshot())::text::bigint")
        return int(cursor.fetchone()[0])


def lasting_transactions_of_others(seconds: float = 0.5) -> int:
    """How many transactions of other sessions of this database stay open for so long; a statement alone doesn't."""
    before = _open_transactions()
    time.sleep(seconds)
    return len(before & _open_transactions())


def _open_transactions() -> set[tuple[int, datetime]]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pid, xact_start FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL"
            " AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        return {*cursor.fetchall()}
