"""JobDay of the runs and gaps that the ledger holds already.

In one transaction for each month, so that no run waits for long to be counted. One that is interrupted begins again.
"""

from datetime import UTC, date, timedelta
from typing import Any

from django.db import migrations, transaction

from jobs.ledger.migration import Migration as OurMigration

MONTH = timedelta(days=30)


def fill(apps: Any, schema_editor: Any) -> None:
    connection = schema_editor.connection
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(finished_at), max(finished_at) FROM nightshift_run")
        first, last = cursor.fetchone()
        day = first.astimezone(UTC).date() if first else date.max
        while first and day <= last.astimezone(UTC).date() + MONTH:
            with transaction.atomic(connection.alias):
                fill_runs(cursor, day, day + MONTH)
            day += MONTH
    with transaction.atomic(connection.alias):
        fill_gaps(connection)


def fill_runs(cursor: Any, since: date, until: date) -> None:
    # Ends that are being counted are waited for, and later ones wait: each is counted once.
    cursor.execute("LOCK TABLE nightshift_jobday IN SHARE ROW EXCLUSIVE MODE")
    cursor.execute("DELETE FROM nightshift_jobday WHERE day >= %s AND day < %s", [since, until])
    cursor.execute("INSERT INTO nightshift_jobday SELECT * FROM nightshift_recounted(%s, %s)", [since, until])


def fill_gaps(connection: Any) -> None:
    from jobs.ledger import statistics

    with connection.cursor() as cursor:
        cursor.execute("LOCK TABLE nightshift_jobday IN SHARE ROW EXCLUSIVE MODE")
        cursor.execute("UPDATE nightshift_jobday SET gaps = '{}' WHERE gaps <> '{}'")
        cursor.execute("SELECT job, reason, fingerprint, first, last, count FROM nightshift_gap")
        statistics.count(statistics.Swallowed(*row) for row in cursor)


class Migration(OurMigration):
    atomic = False
    dependencies = [("nightshift", "0003_job_day")]
    operations = [migrations.RunPython(fill, migrations.RunPython.noop)]
