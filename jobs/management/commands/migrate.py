"""`manage.py migrate`: Django's own, by one process at a time."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.management.commands import migrate
from django.db import DatabaseError, connections

# Two deployments at once, or two instances that migrate as they start, meet at this lock.
LOCK = "SELECT {}(hashtextextended('jobs.migrate', 0))"


class Command(migrate.Command):
    help = f"{migrate.Command.help} Of several processes at once one migrates, and the others wait for it."

    def handle(self, *args: Any, **options: Any) -> None:
        with self._alone(options["database"], options["verbosity"]):
            super().handle(*args, **options)

    @contextmanager
    def _alone(self, alias: str, verbosity: int) -> Iterator[None]:
        """Hold an advisory lock of the session. Should this process die, PostgreSQL gives it free."""
        with connections[alias].cursor() as cursor:
            cursor.execute(LOCK.format("pg_try_advisory_lock"))
            if not cursor.fetchone()[0]:
                if verbosity:
                    self.stdout.write("Another process migrates this database; waiting until it is done.")
                cursor.execute(LOCK.format("pg_advisory_lock"))
        try:
            yield
        finally:
            # A connection that broke has given it free already.
            with suppress(DatabaseError), connections[alias].cursor() as cursor:
                cursor.execute(LOCK.format("pg_advisory_unlock"))
