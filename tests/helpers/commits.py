"""How much work a piece of code makes for the database, as the database itself counts it."""

from collections.abc import Callable

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


def transactions_of_others() -> int:
    """How many sessions of this database, beside this one, have a transaction open."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND xact_start IS NOT NULL "
            "AND pid <> pg_backend_pid() AND backend_type = 'client backend'"
        )
        found: int = cursor.fetchone()[0]
        return found
