"""The database is there, and another session is in the way: that isn't the same as a database that is away."""

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import DatabaseError, OperationalError
from psycopg import errors

from jobs.sentences import Sentence


class Busy(Sentence, DatabaseError):
    """The database is there, but {what}: nothing was changed. Try again; pg_stat_activity shows what is in the way."""

    def __init__(self, what: str) -> None:
        super().__init__(what=what)

    @property
    def took_too_long(self) -> bool:
        """Whether a statement reached its limit of time, and not a lock's."""
        refused = self.__cause__
        return refused is not None and isinstance(refused.__cause__, errors.QueryCanceled)


# Django takes these for OperationalErrors, as if the database were away.
BUSY = {
    errors.LockNotAvailable: "another session holds a lock that this statement needs",
    errors.QueryCanceled: "a statement took too long",
    errors.DeadlockDetected: "this statement and another one waited for each other",
}


@contextmanager
def busy_told_apart() -> Iterator[None]:
    """Raise Busy in place of the OperationalError that Django makes of a lock, a deadlock or a statement's limit."""
    try:
        yield
    except OperationalError as error:
        for cause, what in BUSY.items():
            if isinstance(error.__cause__, cause):
                raise Busy(what) from error
        raise
