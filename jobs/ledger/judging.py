"""Judging for alerts never keeps what it judges from being recorded: where it fails, that is done again without it.

Whoever wrote a statement of the judging puts it into `told_apart`; whoever began the transaction does its work by
`if_it_works`. A database that is away, or a lock that is held, is no error of the judging: its caller tries again.
"""

import logging
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from jobs import telemetry
from jobs.ledger import sql

log = logging.getLogger(__name__)


class NotJudged(Exception):
    """The judging failed, by its cause. The present transaction has failed with it."""


class _Here(threading.local):
    is_on = True


_here = _Here()


def is_on() -> bool:
    """Whether this thread is to judge what it records."""
    return _here.is_on


@contextmanager
def left_out() -> Iterator[None]:
    """In this block nothing is judged by this thread."""
    before, _here.is_on = _here.is_on, False
    try:
        yield
    finally:
        _here.is_on = before


@contextmanager
def told_apart() -> Iterator[None]:
    """Raise NotJudged in place of what fails in this block, unless the database is away or a lock is held."""
    try:
        yield
    except sql.AWAY:
        raise
    except Exception as error:
        if not _here.is_on or (isinstance(error, sql.Busy) and not error.took_too_long):
            raise
        raise NotJudged from error


def if_it_works[T](work: Callable[[], T], what: str) -> T:
    """Do this, a whole transaction; once more without judging where the judging fails. The log says so of `what`."""
    try:
        return work()
    except NotJudged as error:
        failed = error
    with left_out():
        done = work()
    _report(failed, f"{what} is recorded")
    return done


def alone(work: Callable[[], object], what: str) -> None:
    """Do this, which only judges. The log says so of `what` where it fails."""
    try:
        with told_apart():
            work()
    except NotJudged as error:
        _report(error, f"the next tick judges {what} again")


def _report(error: NotJudged, what: str) -> None:
    log.error("Alerts couldn't be judged, so an incident may be missing; %s.", what, exc_info=error.__cause__)
    telemetry.not_judged()
