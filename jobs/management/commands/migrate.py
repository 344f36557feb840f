"""`manage.py migrate`: Django's own, by one process at a time."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from django.core.management.commands import migrate
from django.db import DatabaseError, connections

# Two deployments at once, or two instances that migrate as they start, meet at this lock.
LOCK = "SELECT {}(hashtextextended('jobs.migrate', 0))"


class Command(migrate.Command):
    help = f"{migrate.Command.help} Of several processes at once one migrates, and the others wait for it."

    def handle(self, *args: Any, **options: Any) -> None:
        tell = self.stdout.write if options["verbosity"] else None
        with alone(options["database"], tell):
            super().handle(*args, **options)


@contextmanager
def alone(alias: str = "default", tell: Callable[[str], object] | None = None) -> Iterator[None]:
    """Hold the deployments' advisory lock, of the session. Should this process die, PostgreSQL gives it free."""
    with connections[alias].cursor() as cursor:
        cursor.execute(LOCK.format("pg_try_advisory_lock"))
        if not cursor.fetchone()[0]:
            if tell:
                tell("Another process migrates this database; waiting until it is done.")
            cursor.execute(LOCK.format("pg_advisory_lock"))
    try:
        yield
    finally:
        # A connection that broke has given it free already.
        with suppress(DatabaseError), connections[alias].cursor() as cursor:
            cursor.execute(LOCK.format("pg_advisory_unlock"))
