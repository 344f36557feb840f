"""How many database connections the app may need at its peak, and how many its server gives it."""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.core.checks import CheckMessage, Warning
from django.db import connection

from jobs.conf import conf
from jobs.ledger import sql

# The writer of heartbeats, output and ends: one thread and one connection a worker.
WRITER = 1
# The process beside it that sends messages about incidents, while there are any.
DELIVERER = 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Peak:
    """`threads`: of the worker library, for HTTP, timers and the queue. `running`: runs at once, a child each."""

    threads: int
    running: int
    processes: int
    instances: int

    @property
    def an_instance(self) -> int:
        return (self.threads + WRITER + DELIVERER + self.running) * self.processes

    @property
    def total(self) -> int:
        return self.an_instance * self.instances

    def __str__(self) -> str:
        processes = f" × {self.processes} processes" if self.processes > 1 else ""
        return (
            f"({self.threads} threads + {WRITER} writer + {DELIVERER} deliverer + {self.running} runs)"
            f"{processes} × {self.instances} "
            f"instance{'s' if self.instances > 1 else ''} = {self.total}"
        )


def peak() -> Peak:
    """What the settings allow. A run whose command uses more than one connection is not in it."""
    return Peak(
        threads=threads(),
        running=conf.JOBS_MAX_RUNNING,
        processes=int(os.environ.get("FUNCTIONS_WORKER_PROCESS_COUNT") or 1),
        instances=conf.JOBS_MAX_INSTANCES,
    )


def threads() -> int:
    """Computed as the worker library does (docs/reference/azure.md, "The Python worker")."""
    return int(os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT") or min(32, (os.cpu_count() or 1) + 4))


def room() -> int:
    """How many connections the server gives this role, by its own limit, the database's and the role's."""
    return int(
        sql.value(
            """
            SELECT least(
                current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
                    - coalesce(current_setting('reserved_connections', true)::int, 0),
                (SELECT nullif(datconnlimit, -1) FROM pg_database WHERE datname = current_database()),
                (SELECT nullif(rolconnlimit, -1) FROM pg_roles WHERE rolname = current_user)
            )
            """
        )
    )


def shortage() -> str:
    """In a sentence, that the peak is more than the server gives, and what to do; empty where it isn't."""
    needed, given = peak(), room()
    if needed.total <= given:
        return ""
    return (
        f"The app may need {needed.total} database connections at its peak, {needed}, and the server gives it {given}. "
        "Lower PYTHON_THREADPOOL_THREAD_COUNT, JOBS_MAX_RUNNING or the number of instances, or take a larger server."
    )


def check(*, databases: Sequence[str] | None = None, **options: Any) -> list[CheckMessage]:
    """jobs.W012, where a command has asked for checks of the database (`migrate`, `check --database default`)."""
    # Another database than PostgreSQL is jobs.E024.
    if not databases or "default" not in databases or connection.vendor != "postgresql" or not (found := shortage()):
        return []
    fact, _, hint = found.partition(". ")
    return [Warning(f"{fact}.", hint=hint, id="jobs.W012")]
