"""Checks that need the database. The first of them asks whether it answers."""

import time
from datetime import timedelta

from django.db import Error, connection

from jobs import clocks as host_clocks
from jobs.declarations.registry import registry
from jobs.execution import tick as ticks
from jobs.formats import counted, format_duration, utc_time
from jobs.health.answers import Problem
from jobs.ledger import connections as ledger_connections
from jobs.ledger import in_force, last_tick, migration_gate, rewinding, schema, sql
from jobs.ledger import overrides as ledger_overrides

# The tick comes once a minute. Two may be missed while a deployment or a failover goes on.
LONGEST_SILENCE = timedelta(minutes=3)


def database() -> str:
    """Whether it answers."""
    began = time.perf_counter()
    try:
        version = sql.value("SHOW server_version")
    except Error as error:
        first, *_ = str(error).strip().splitlines() or [type(error).__name__]
        raise Problem(
            f"It can't be reached: {first.rstrip('.')}. Check DATABASE_URL, the firewall and the role.",
            public="The database can't be reached. The app's log has the error.",
            log=f"the database can't be reached: {error}",
        ) from None
    user = connection.settings_dict["USER"] or "the default user"
    return f"PostgreSQL {version.split()[0]} as {user}, answered in {(time.perf_counter() - began) * 1000:.0f} ms"


def migrations() -> str:
    """Whether all are applied, in the schema that JOBS_SCHEMA names."""
    if why := migration_gate.refusal() or schema.misplaced():
        raise Problem(why)
    return "all are applied"


def clocks() -> str:
    """Whether this host's and the database's agree."""
    if why := host_clocks.difference(last_tick.clock()):
        raise Problem(why)
    jump = "" if migration_gate.pending() else last_tick.latest_jump()
    return "this host's and the database's agree" + (f"; the database's was {jump}" if jump else "")


def ledgers() -> str:
    """Whether a watermark is ahead of the database's clock."""
    found = list(rewinding.ahead().values())
    if found:
        more = f" And {counted(len(found) - 1, 'more job')}." if found[1:] else ""
        raise Problem(f"{found[0]}{more}")
    return "none reaches beyond now"


def overrides() -> str:
    """Whether each can be read here: another machine may know other time zones."""
    current = {name: found.override for name, found in in_force.by_job().items() if found.override and name in registry}
    flaws = {
        job.name: why for job in registry.values() if (why := ledger_overrides.unreadable(job, current.get(job.name)))
    }
    if flaws:
        name, why = next(iter(flaws.items()))
        more = f" And {counted(len(flaws) - 1, 'more override')}: `manage.py drift`." if flaws.keys() - {name} else ""
        raise Problem(f"The override of {name} can't be read: {why} It doesn't apply. {ledger_overrides.END}{more}")
    return f"{counted(len(current), 'override')} in force" if current else "none is in force"


def hold() -> str:
    """Whether an operator holds everything: nothing starts by itself then, and it is easily forgotten."""
    held = in_force.hold()
    if held is None:
        return "nothing is held"
    end = f"until {utc_time(held.until)}" if held.until else "without an end"
    why = f" ({held.reason})" if held.reason else ""
    raise Problem(
        f"Everything is held by {held.by} since {utc_time(held.began_at)}, {end}{why}: nothing starts by itself. "
        "`manage.py hold --end` ends it."
    )


def connections() -> str:
    """Whether the server has enough for the app at its peak."""
    if why := ledger_connections.shortage():
        raise Problem(why)
    peak, room = ledger_connections.peak(), ledger_connections.room()
    return f"at its peak the app needs {peak}, and the server allows it {room}"


def tick() -> str:
    """Whether a tick has lately come to its end."""
    if migration_gate.pending():
        raise Problem("Not checked: migrations are pending.")
    silence = ticks.silence()
    if silence is None:
        raise Problem("No tick has ended yet. Wait a minute; then check whether the function `tick` is disabled.")
    if silence > LONGEST_SILENCE:
        raise Problem(
            f"The last tick ended {format_duration(silence)} ago, and one comes each minute. "
            "Look at the function `tick` in the portal: is it disabled, does it fail, is the app stopped?"
        )
    return f"the last one ended {format_duration(silence)} ago"
