"""Whether what pages show of a day is what the ledger holds of it."""

from datetime import date, timedelta

from django.db import connection

from jobs.declarations.keep import Keep
from jobs.formats import counted
from jobs.health.answers import Problem
from jobs.ledger import keeping, migration_gate, recounting, releases, retention, states
from jobs.ledger.statistics import Key

DAY = timedelta(days=1)
# The migration from which on all is counted.
BEGINS = "0004_fill_job_day"


def statistics() -> str:
    """Whether the latest whole day (UTC) is counted as the ledger holds it, of the jobs whose runs are kept so long."""
    if migration_gate.pending():
        raise Problem("Not checked: migrations are pending.")
    today = states.clock().date()
    day = today - DAY
    if _began() >= day:
        return f"not compared before {_began() + 2 * DAY}: a whole day must pass after the migration that counts them"
    different = [found for found in recounting.differences(day, today) if _is_kept(found[0])]
    if different:
        (job, _, trigger), values = different[0]
        name, (written, held) = next(iter(values.items()))
        more = f" And {counted(len(different) - 1, 'more row')}." if different[1:] else ""
        raise Problem(
            f"JobDay of {job} on {day} ({trigger.value}) counts {name} = {written}, and the ledger holds {held}.{more} "
            "If somebody deleted runs of that day, JobDay is right; else please report it."
        )
    return f"{day} is counted as the ledger holds it"


def _began() -> date:
    from django.db.migrations.recorder import MigrationRecorder  # the worker asks too, and needs no migrations

    applied = MigrationRecorder(connection).migration_qs.filter(app="nightshift", name=BEGINS)
    found: date = applied.values_list("applied", flat=True)[0].date()
    return found


def _is_kept(key: Key) -> bool:
    """Whether retention has left all of this job's latest whole day: it began less than two days ago."""
    declared = releases.declared_somewhere(key[0])
    ages = keeping.ages(declared.keep if declared else Keep(), retention.of_settings())
    return ages.shortest_of_a_run >= 2 * DAY
