"""Whether the database has all migrations of the code. Until it does, no work is taken on."""

import logging
from dataclasses import dataclass

from django.db import connection
from django.db.migrations.executor import MigrationExecutor

log = logging.getLogger(__name__)


@dataclass(slots=True)
class Gate:
    """Once all migrations are applied they stay so for a process: code that is newer comes with a new one."""

    is_open: bool = False


gate = Gate()


def pending() -> list[str]:
    """The migrations that the database lacks, as in `nightshift.0001_ledger`. Asks until there are none."""
    if gate.is_open:
        return []
    executor = MigrationExecutor(connection)
    plan = executor.migration_plan(executor.loader.graph.leaf_nodes())
    gate.is_open = not plan
    return [f"{migration.app_label}.{migration.name}" for migration, _ in plan]


def refusal() -> str:
    """In a sentence, why no work is taken on; empty where it is."""
    missing = pending()
    if not missing:
        return ""
    return f"{named(missing)} not applied to the database: nothing runs until `manage.py migrate` has been run."


def named(missing: list[str]) -> str:
    """The first, and how many more, with their verb."""
    return f"{missing[0]} is" if len(missing) == 1 else f"{missing[0]} and {len(missing) - 1} more migrations are"


def allows(what: str) -> bool:
    """Whether work may be taken on; where it may not, the log says which was refused, and why."""
    if why := refusal():
        log.error("refused %s: %s", what, why)
    return not why
