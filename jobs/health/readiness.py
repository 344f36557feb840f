"""Whether this process could do its work now: what `/api/ready` answers, and a part of `manage.py doctor`.

Each check gives a sentence that says what is wrong and how to mend it, or nothing. An error's own text goes to the log,
without secrets, and not to whoever asks over HTTP.
"""

import logging
from collections.abc import Callable, Iterator
from datetime import timedelta

from django.core.checks import ERROR
from django.db import Error

from jobs import checks, clocks, masking
from jobs.execution import tick
from jobs.execution.isolation.client import server
from jobs.execution.isolation.process import ForkServerFailed
from jobs.formats import counted, format_duration
from jobs.ledger import doorbell, migration_gate, sight, sql

log = logging.getLogger(__name__)

# The tick comes once a minute. Two may fall out while a deployment or a failover goes on.
LONGEST_SILENCE = timedelta(minutes=3)


def problems() -> dict[str, str]:
    """Each check's name with its sentence, empty where all is well. Without a database the others can't be asked."""
    return dict(_problems())


def warnings() -> dict[str, str]:
    """What to see to though runs can start: each check's name with its sentence, empty where all is well."""
    try:
        return {"clocks": clocks.difference(sight.clock())}
    except Error:  # a problem, and told as one
        return {}


def _problems() -> Iterator[tuple[str, str]]:
    yield "database", (away := database())
    for name, check in (("migrations", migration_gate.refusal), ("tick", silent_tick)):
        yield name, "Not checked: no database." if away else _asked(check)
    yield "declarations", declarations()
    yield "fork_server", fork_server()
    yield "queue", queue()


def database() -> str:
    """Whether it answers."""
    try:
        sql.value("SELECT 1")
    except Error as error:
        _tell(f"the database can't be reached: {error}")
        return "The database can't be reached. The app's log has the error."
    return ""


def silent_tick() -> str:
    """Whether a tick has lately come to its end."""
    if migration_gate.pending():
        return "It can't be told before the migrations are applied."
    silence = tick.silence()
    if silence is None:
        return "No tick has come to its end yet. Wait a minute; then look whether the function `tick` is disabled."
    if silence > LONGEST_SILENCE:
        return (
            f"The last tick ended {format_duration(silence)} ago, and one comes each minute. "
            "Look at the function `tick` in the portal: is it disabled, does it fail, is the app stopped?"
        )
    return ""


def declarations() -> str:
    """Whether an app setting makes a job's declaration wrong: nobody sees a check's errors in a running app."""
    errors = [message for message in checks.at_start() if message.level >= ERROR]
    if not errors:
        return ""
    more = f" And {counted(len(errors) - 1, 'more error')}: `manage.py check`." if errors[1:] else ""
    return f"{errors[0].id}: {errors[0].msg} {errors[0].hint}{more}"


def fork_server() -> str:
    """Whether the process that forks the runs is up. It is started where it isn't, as the first run would."""
    try:
        server.start()
    except ForkServerFailed as failure:
        _tell(str(failure))
        return "The fork server can't load the project, so no run can start. The app's log says why."
    return ""


def queue() -> str:
    """Whether executors can be woken."""
    if why := doorbell.backend().problem():
        _tell(why)
        return "The queue can't be reached, so runs wait for it. The app's log says why."
    return ""


def _asked(check: Callable[[], str]) -> str:
    try:
        return check()
    except sql.AWAY:
        return "The database went away while it was asked."
    except Error as error:  # a role without rights, above all
        _tell(str(error))
        return "The database doesn't tell. The app's log has its error."


def _tell(why: str) -> None:
    log.warning("not ready: %s", masking.mask(why.strip()))
