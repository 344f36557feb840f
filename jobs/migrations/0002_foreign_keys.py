"""What becomes of a row when the one that it refers to goes, kept by the database: it is never asked by Django.

Django can write ON DELETE from 6.1 on, and the ledger works on 5.2.
"""

from django.db import migrations

from jobs.ledger.migration import Migration as OurMigration

# Table, column, the table that it refers to, and what becomes of the row.
KEYS = (
    ("nightshift_run", "blocked_by_id", "nightshift_run", "SET NULL"),
    ("nightshift_run", "chained_from_id", "nightshift_run", "SET NULL"),
    ("nightshift_attempt", "run_id", "nightshift_run", "CASCADE"),
    ("nightshift_output", "attempt_id", "nightshift_attempt", "CASCADE"),
    ("nightshift_gap", "blocked_by_id", "nightshift_run", "SET NULL"),
    ("nightshift_jobstate", "last_gap_id", "nightshift_gap", "SET NULL"),
    ("nightshift_event", "run_id", "nightshift_run", "CASCADE"),
)


def added(table: str, column: str, to: str, then: str) -> migrations.RunSQL:
    name = f"{table}_{column}_fk"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {to} (id) ON DELETE {then} "
        "DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


class Migration(OurMigration):
    dependencies = [("nightshift", "0001_ledger")]
    operations = [added(*key) for key in KEYS]
