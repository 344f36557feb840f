"""Sets of arguments of a job that people keep under a name."""

import django.contrib.postgres.fields
import django.db.models.functions.datetime
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0017_incidents"),
    ]

    operations = [
        migrations.CreateModel(
            name="Preset",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job", models.CharField(max_length=127)),
                ("name", models.CharField(max_length=80)),
                ("words", django.contrib.postgres.fields.ArrayField(base_field=models.TextField())),
                ("by", models.TextField(blank=True, db_default="", default="", help_text="Who saved it last.")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="event",
            name="an_event_is_of_a_known_kind",
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
                    ("started", "Started"),
                    ("cancelled", "Cancelled"),
                    ("granted", "Granted"),
                    ("grant_ended", "Grant Ended"),
                    ("token_created", "Token Created"),
                    ("token_revoked", "Token Revoked"),
                    ("account_changed", "Account Changed"),
                    ("refused", "Refused"),
                    ("held", "Held"),
                    ("hold_ended", "Hold Ended"),
                    ("noted", "Noted"),
                    ("preset_saved", "Preset Saved"),
                    ("preset_deleted", "Preset Deleted"),
                    ("repaired", "Repaired"),
                    ("schedule_changed", "Schedule Changed"),
                    ("release", "Release"),
                    ("ambiguous_call", "Ambiguous Call"),
                    ("clock_ahead", "Clock Ahead"),
                    ("clock_jumped", "Clock Jumped"),
                    ("ledger_ahead", "Ledger Ahead"),
                    ("poisoned_message", "Poisoned Message"),
                    ("end_from_journal", "End From Journal"),
                    ("acknowledged", "Acknowledged"),
                    ("snoozed", "Snoozed"),
                    ("resolved", "Resolved"),
                ],
                max_length=32,
            ),
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
                            "started",
                            "cancelled",
                            "granted",
                            "grant_ended",
                            "token_created",
                            "token_revoked",
                            "account_changed",
                            "refused",
                            "held",
                            "hold_ended",
                            "noted",
                            "preset_saved",
                            "preset_deleted",
                            "repaired",
                            "schedule_changed",
                            "release",
                            "ambiguous_call",
                            "clock_ahead",
                            "clock_jumped",
                            "ledger_ahead",
                            "poisoned_message",
                            "end_from_journal",
                            "acknowledged",
                            "snoozed",
                            "resolved",
                        ],
                    )
                ),
                name="an_event_is_of_a_known_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="preset",
            constraint=models.UniqueConstraint(fields=("job", "name"), name="one_preset_of_a_name"),
        ),
    ]
