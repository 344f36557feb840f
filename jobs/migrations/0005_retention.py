"""Pinned runs, a note where output was deleted, and vacuum in time for tables that much is deleted from."""

from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration

# By default vacuum comes when a fifth of a table is dead: of a million runs only after 200,000 were deleted.
SHARE = 0.05
TABLES = ("nightshift_run", "nightshift_attempt", "nightshift_output")


def vacuumed_in_time(table: str) -> migrations.RunSQL:
    names = ["autovacuum_vacuum_scale_factor", *(["toast.autovacuum_vacuum_scale_factor"] if "output" in table else [])]
    return migrations.RunSQL(
        f"ALTER TABLE {table} SET ({', '.join(f'{name} = {SHARE}' for name in names)})",
        f"ALTER TABLE {table} RESET ({', '.join(names)})",
    )


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0004_fill_job_day"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="event",
            name="an_event_is_of_a_known_kind",
        ),
        migrations.AddField(
            model_name="attempt",
            name="output_deleted_at",
            field=models.DateTimeField(help_text="When retention deleted what it wrote; null: it didn't.", null=True),
        ),
        migrations.AddField(
            model_name="run",
            name="pinned",
            field=models.BooleanField(
                db_default=False, default=False, help_text="An operator keeps it: retention deletes nothing of it."
            ),
        ),
        migrations.AlterField(
            model_name="event",
            name="kind",
            field=models.CharField(
                choices=[
                    ("paused", "Paused"),
                    ("resumed", "Resumed"),
                    ("overridden", "Overridden"),
                    ("override_ended", "Override Ended"),
                    ("pinned", "Pinned"),
                    ("unpinned", "Unpinned"),
                    ("rewound", "Rewound"),
                    ("schedule_changed", "Schedule Changed"),
                    ("release", "Release"),
                    ("ambiguous_call", "Ambiguous Call"),
                    ("clock_ahead", "Clock Ahead"),
                    ("clock_jumped", "Clock Jumped"),
                    ("ledger_ahead", "Ledger Ahead"),
                    ("poisoned_message", "Poisoned Message"),
                    ("end_from_journal", "End From Journal"),
                ],
                max_length=32,
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(condition=models.Q(("pinned", True)), fields=["-id"], name="pinned_runs"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "kind__in",
                        [
                            "paused",
                            "resumed",
                            "overridden",
                            "override_ended",
                            "pinned",
                            "unpinned",
                            "rewound",
                            "schedule_changed",
                            "release",
                            "ambiguous_call",
                            "clock_ahead",
                            "clock_jumped",
                            "ledger_ahead",
                            "poisoned_message",
                            "end_from_journal",
                        ],
                    )
                ),
                name="an_event_is_of_a_known_kind",
            ),
        ),
        *map(vacuumed_in_time, TABLES),
    ]
