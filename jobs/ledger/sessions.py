"""Bounds of the product's own database sessions: one host that is cut off or frozen must not stop the others.

The worker's threads are bounded for as long as a block of `ours` lasts, by the server and by the client: past
`timing.ANSWER` a connection that doesn't answer is thrown away. A transaction of the ledger from any other door (HTTP,
admin, `manage.py`) bounds itself. A command's own connections in the child, and migrations, have no bounds of ours.

They also say how the server plans, since our statements are prepared in these sessions (`sql`).
"""

import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, Literal

import psycopg
from django.db import DatabaseError, connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.signals import connection_created
from django.db.utils import DEFAULT_DB_ALIAS

from jobs.ledger import timing
from jobs.ledger.busy import busy_told_apart


class _Here(threading.local):
    """What this thread knows: how many blocks of `ours` and transactions it is in, and its bounded connection."""

    blocks = 0
    transactions = 0
    bounded: Any = None
    before: tuple[str, ...] = ()


_here = _Here()


@contextmanager
def ours() -> Iterator[None]:
    """In this block the thread's connection is a bounded session, also one that is opened in it.

    For threads that do the product's work. What the session's settings were before comes back at the end.
    """
    _here.blocks += 1
    try:
        if _here.blocks == 1 and connection.connection is not None:
            _bind(connection)
        yield
    finally:
        _here.blocks -= 1
        if not _here.blocks:
            _unbind()


@contextmanager
def ledger_transaction() -> Iterator[None]:
    """`transaction.atomic()` for what changes the ledger: with bounds for how long it waits and holds its locks.

    Raises Busy, as its statements do, where another session is in its way at the commit.
    """
    # Whose day a run's end is counted in is locked by the commit.
    with busy_told_apart(), transaction.atomic():
        if not are_bounded():
            _bind_transaction()
        _here.transactions += 1
        try:
            yield
        finally:
            _here.transactions -= 1


def are_bounded() -> bool:
    """Whether this thread's statements are bounded now: in a block of `ours`, and in a transaction of the ledger."""
    return bool(_here.transactions) or (_here.bounded is not None and _here.bounded is connection.connection)


# A prepared statement keeps its plan for as long as its connection lives. What was planned while the ledger was empty
# must be right when it is full: plans depend neither on the tables' sizes nor on the parameters.
PLANS = {"plan_cache_mode": "force_generic_plan", "enable_seqscan": "off", "jit": "off"}


def _settings() -> dict[str, str]:
    """Of the server, for our sessions: bounds, and how it plans."""
    return PLANS | {
        "lock_timeout": _milliseconds(timing.LOCK_WAIT.total_seconds()),
        "statement_timeout": _milliseconds(timing.STATEMENT.total_seconds()),
        "idle_in_transaction_session_timeout": _milliseconds(timing.IDLE.total_seconds()),
        # The server's own patience with a client that acknowledges nothing.
        "tcp_user_timeout": _milliseconds(timing.STATEMENT.total_seconds()),
    }


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))  # 0 would mean: without a bound


def _bind_transaction() -> None:
    """Bound the present transaction."""
    values = _settings()
    sets = ", ".join(f"set_config('{name}', %s, true)" for name in values)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {sets}", list(values.values()))


def set_for(what: Literal["session", "transaction"], values: Mapping[str, str]) -> tuple[str, ...]:
    """Set these settings of the server's. Gives what they were before, in the same order."""
    # A select list is computed from left to right: what was is read before it is changed.
    before = ", ".join(f"current_setting('{name}')" for name in values)
    is_local = str(what == "transaction").lower()
    after = ", ".join(f"set_config('{name}', %s, {is_local})" for name in values)
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {before}, {after}", list(values.values()))
        found: tuple[str, ...] = cursor.fetchone()
        return found[: len(values)]


def _bind(wrapper: BaseDatabaseWrapper) -> None:
    asked = wrapper.connection
    _answer_in_time(asked)
    try:
        before = set_for("session", _settings())
    except DatabaseError:
        wrapper.close()
        raise
    # Else it was found dead, and the one that took its place is bounded by now.
    if wrapper.connection is asked:
        _here.bounded, _here.before = asked, before


def _unbind() -> None:
    bounded, _here.bounded = _here.bounded, None
    if bounded is None or bounded is not connection.connection:
        return  # it was closed in the meantime
    try:
        set_for("session", dict(zip(_settings(), _here.before, strict=True)))
        del bounded.wait
    except DatabaseError:
        connection.close()


def _bind_new(sender: object, connection: BaseDatabaseWrapper, **_: object) -> None:
    if _here.blocks and connection.alias == DEFAULT_DB_ALIAS:
        _bind(connection)


connection_created.connect(_bind_new, dispatch_uid="jobs.ledger.sessions")


def _answer_in_time(connection: "psycopg.Connection[Any]") -> None:
    """Have all that this connection waits for end in time, as a frozen server and a proxy that swallows never answer.

    The kernel still acknowledges for them: neither keepalives nor `tcp_user_timeout` notice. psycopg passes all its
    waiting through `Connection.wait`, for statements, commits and rollbacks.
    """
    wait = connection.wait

    def wait_in_time(generator: Any, *arguments: Any, **options: Any) -> Any:
        end = time.monotonic() + timing.ANSWER.total_seconds()
        return wait(_until(end, generator, connection.close), *arguments, **options)

    connection.wait = wait_in_time  # type: ignore[method-assign, assignment]


def _until(end: float, generator: Any, close: Callable[[], None]) -> Any:
    """The generator, which `wait` asks again every tenth of a second while nothing comes; it ends with an error."""
    try:
        state = next(generator)
        while True:
            ready = yield state
            if not ready and time.monotonic() >= end:
                close()
                waited = f"{timing.ANSWER.total_seconds():g} s"
                raise psycopg.OperationalError(f"The database didn't answer for {waited}: the connection is given up.")
            state = generator.send(ready)
    except StopIteration as done:
        return done.value
