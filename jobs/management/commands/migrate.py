"""`manage.py migrate`: Django's own, by one process at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.management.commands import migrate
from django.db import DEFAULT_DB_ALIAS, DatabaseError, connections
from django.db.backends.utils import CursorWrapper

from jobs.ledger import error_index
from jobs.management.colours import HeedsNoColor
from jobs.management.ledger_command import must_be_postgresql

# Two deployments at once, or two instances that migrate as they start, meet at this lock.
LOCK = "SELECT {}(hashtextextended('jobs.migrate', 0))"
# How often whoever waits tries again, in seconds.
INTERVAL = 0.5


class Command(HeedsNoColor, migrate.Command):
    help = f"{migrate.Command.help} If several processes migrate at once, one does it and the others wait."

    def handle(self, *args: Any, **options: Any) -> None:
        if options["database"] == DEFAULT_DB_ALIAS:
            must_be_postgresql()
        elif connections[options["database"]].vendor != "postgresql":
            # Another database of the project's: it has no such lock, and none of our tables.
            super().handle(*args, **options)
            return
        with alone(options["database"], self._say if options["verbosity"] else None):
            super().handle(*args, **options)
            if options["database"] == DEFAULT_DB_ALIAS and not (options["plan"] or options["check_unapplied"]):
                self._make_error_index(quiet=not options["verbosity"])

    def _make_error_index(self, quiet: bool) -> None:
        why = error_index.make()
        if why and not quiet:
            self._say(f"A search in the admin looks at the errors of the newest runs only: {why}")

    def _say(self, message: str) -> None:
        self.stdout.write(message)
        self.stdout.flush()  # a container's log is a pipe, and the wait may be long


@contextmanager
def alone(alias: str = "default", say: Callable[[str], object] | None = None) -> Iterator[None]:
    """Hold the deployments' advisory lock, for the session. If this process dies, PostgreSQL releases it."""
    with connections[alias].cursor() as cursor:
        if not _taken(cursor):
            if say:
                say("Another process is migrating this database; waiting until it is done.")
            # A statement that waits holds a snapshot, and CREATE INDEX CONCURRENTLY waits for all of them: a deadlock.
            while not _taken(cursor):
                time.sleep(INTERVAL)
    try:
        yield
    finally:
        # A broken connection has released it already.
        with suppress(DatabaseError), connections[alias].cursor() as cursor:
            cursor.execute(LOCK.format("pg_advisory_unlock"))


def _taken(cursor: CursorWrapper) -> bool:
    cursor.execute(LOCK.format("pg_try_advisory_lock"))
    return bool(cursor.fetchone()[0])
