"""Whether this process could do its work now: what `/api/ready` answers.

The checks are the doctor's. An error's own text goes to the log, without secrets, and not to whoever asks over HTTP.
"""

import logging

from django.db import Error

from jobs.health import answers, database, project, worker
from jobs.health.answers import Check, Problem

log = logging.getLogger(__name__)

OF_DATABASE: dict[str, Check] = {
    "database": database.database,
    "migrations": database.migrations,
    "tick": database.tick,
}
OTHERS: dict[str, Check] = {
    "declarations": project.declarations,
    "fork_server": worker.fork_server,
    "queue": worker.queue,
}


def problems() -> dict[str, str]:
    """The checks that found something wrong, each with a sentence that says what it is and what to do."""
    found = [finding for finding in answers.findings(database=OF_DATABASE, others=OTHERS) if not finding.ok]
    for finding in found:
        if finding.public not in (finding.log, answers.NO_DATABASE):
            log.warning("not ready: %s", finding.log)
    return {finding.check: finding.public for finding in found}


def warnings() -> dict[str, str]:
    """What to look at though runs can start: each check's name with its sentence."""
    try:
        database.clocks()
    except Problem as problem:
        return {"clocks": problem.public}
    except Error:  # reported as a problem
        pass
    return {}
