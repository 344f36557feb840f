"""Shared by the commands that read or write the ledger: a clear error if it can't be read."""

from typing import Any

from django.core.management.base import CommandError
from django.db import ProgrammingError

from jobs import masking
from jobs.checks.database import postgresql
from jobs.choices import Door
from jobs.ledger import events, migration_gate, sql
from jobs.ledger.schema import misplaced
from jobs.management.colours import HeedsNoColor


class LedgerCommand(HeedsNoColor):
    """A command whose first query may find no tables, or no database."""

    def execute(self, *args: Any, **options: Any) -> Any:
        must_be_postgresql()
        try:
            with events.coming_from(Door.SHELL):
                return super().execute(*args, **options)
        except ProgrammingError:
            # A table or column that a migration makes is missing or elsewhere, or the error is another one.
            if why := _pending() or misplaced():
                raise CommandError(why) from None
            raise
        except UnicodeEncodeError as error:
            # A word of the command line that isn't UTF-8: Python keeps its bytes in surrogates.
            raise CommandError(f"{error.object!r} is not UTF-8 text. Write it in UTF-8.") from None
        except sql.Busy as error:
            raise CommandError(str(error)) from None
        except sql.AWAY as error:
            first, *_ = str(error).strip().splitlines() or [type(error).__name__]
            why = masking.mask(first).rstrip(".")
            raise CommandError(
                f"The database can't be reached: {why}. Is it running, and is DATABASE_URL right?"
            ) from None


def must_be_postgresql() -> None:
    """Raises CommandError with the sentence of jobs.E024 where the default database is another one."""
    for error in postgresql():
        raise CommandError(f"{error.msg} {error.hint}")


def _pending() -> str:
    missing = migration_gate.pending()
    return f"{migration_gate.named(missing)} not applied yet. Run `manage.py migrate` first." if missing else ""
