"""A database of the benchmarks' own, on the project's server."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management import call_command
from django.db import connection, connections

from benchmarks.harness import parent
from jobs.execution.isolation import system
from jobs.execution.isolation.client import server

NAME = settings.DATABASES["default"]["NAME"]


@contextmanager
def database() -> Iterator[None]:
    """Make the database with the project's tables, and drop it afterwards."""
    create()
    try:
        yield
    finally:
        server.stop()
        drop()


def create(name: str = NAME) -> None:
    """Make a database with the project's tables, in place of one that is there, and use it from now on."""
    use(name)
    connections.close_all()
    _say(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)', f'CREATE DATABASE "{name}"')
    call_command("migrate", verbosity=0)


def drop(name: str = NAME) -> None:
    connections.close_all()
    _say(f'DROP DATABASE "{name}" WITH (FORCE)')


def use(name: str) -> None:
    """Let this process's connection be one to the database of this name."""
    if connection.settings_dict["NAME"] != name:
        connection.close()
        connection.settings_dict["NAME"] = name


def _say(*statements: str) -> None:
    with connection._nodb_cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)


def libpq() -> dict[str, str]:
    """The parameters of a connection to it, for those who don't come through Django."""
    params = connection.get_connection_params()
    names = ("dbname", "host", "port", "user", "password")
    return {name: str(params[name]) for name in names if params.get(name)}


def postgresql() -> list[int]:
    """The ids of the server's first process and of those it has now, where it is on this machine; none elsewhere."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    first = parent(backend)
    return [first, *system.children(first)] if first is not None else []


def fork_server() -> list[int]:
    """The ids of the processes that the runs come from: the server and its guardians."""
    server.start()
    assert server.pid is not None
    return [server.pid, *system.children(server.pid)]


def statements(work: Callable[[], object]) -> int:
    """How many statements it takes, beside the beginnings and ends of transactions."""
    asked: list[str] = []

    def note(execute: Any, statement: str, *others: Any) -> Any:
        asked.append(statement)
        return execute(statement, *others)

    with connection.execute_wrapper(note):
        work()
    return len(asked)
