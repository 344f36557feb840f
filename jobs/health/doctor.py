"""A deployment checked from inside: what `manage.py doctor` says, a line for each check.

In Azure it is the job `doctor`: its run has the worker's environment and path.
"""

from collections.abc import Iterator

from jobs.health import answers, bloat, database, project, statistics, worker
from jobs.health.answers import Check, Checks, Finding

OF_DATABASE: dict[str, Check] = {
    "database": database.database,
    "migrations": database.migrations,
    "clocks": database.clocks,
    "ledgers": database.ledgers,
    "overrides": database.overrides,
    "hold": database.hold,
    "connections": database.connections,
    "bloat": bloat.bloat,
    "statistics": statistics.statistics,
    "tick": database.tick,
}
OTHERS: dict[str, Check] = {
    "settings": project.settings,
    "schedules": project.schedules,
    "time zone": project.time_zone,
    "threads": worker.threads,
    "fork server": worker.fork_server_once,
    "queue": worker.queue_rehearsed,
    "batch": worker.batch,
}


def findings(of_door: Checks) -> Iterator[Finding]:
    """All checks, one after the other, and those that the door adds which this deployment is reached by."""
    return answers.findings(database=OF_DATABASE, others={**OTHERS, **of_door})
