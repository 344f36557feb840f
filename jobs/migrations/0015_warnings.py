"""How many lines of their output warn: of attempts, and with them of days."""

from importlib import import_module

from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration

BEFORE = import_module("jobs.migrations.0003_job_day")


def changed(text: str, *pairs: tuple[str, str]) -> str:
    for old, new in pairs:
        text = text.replace(old, new)
    return text


FACTS = changed(
    BEFORE.FACTS,
    ("peak_memory bigint)", "peak_memory bigint, warnings bigint)"),
    ("a.cpu, a.peak_memory", "a.cpu, a.peak_memory, coalesce(a.warnings, 0)"),
    ("max(peak_memory) AS peak_memory", "max(peak_memory) AS peak_memory, sum(warnings) AS warnings"),
)
COUNT_END = changed(
    BEFORE.COUNT_END,
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    ("lateness_max, cpu, peak_memory)", "lateness_max, cpu, peak_memory, warnings)"),
    ("facts.peak_memory)", "facts.peak_memory, facts.warnings)"),
    ("excluded.peak_memory);", "excluded.peak_memory),\n           warnings = d.warnings + excluded.warnings;"),
)
RECOUNTED = changed(
    BEFORE.RECOUNTED,
    ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"),
    ("AS peak_memory\n", "AS peak_memory, sum(warnings)::bigint AS warnings\n"),
    ("lateness_max, cpu, peak_memory\n", "lateness_max, cpu, peak_memory, warnings\n"),
)
# The column goes after the functions: until then the former ones have one less than the table.
UNCHECKED = "SET LOCAL check_function_bodies = off"
DROP = "DROP FUNCTION nightshift_facts(nightshift_run)"
AS_BEFORE = [
    changed(sql, ("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")) for sql in (BEFORE.COUNT_END, BEFORE.RECOUNTED)
]


class Migration(OurMigration):
    dependencies = [("nightshift", "0014_api")]
    operations = [
        migrations.AddField(
            model_name="attempt",
            name="warnings",
            field=models.PositiveIntegerField(
                db_default=0,
                default=0,
                help_text="How many lines of what it wrote warn: WARNING, WARN, DeprecationWarning: …",
            ),
        ),
        migrations.AddField(
            model_name="jobday",
            name="warnings",
            field=models.PositiveBigIntegerField(
                db_default=0, default=0, help_text="How many lines of output warned, of all attempts."
            ),
        ),
        migrations.RunSQL([DROP, FACTS, COUNT_END, RECOUNTED], [UNCHECKED, DROP, BEFORE.FACTS, *AS_BEFORE]),
    ]
