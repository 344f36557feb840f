"""Messages about incidents on their way, each try at them, and the channels that are off."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration

# A delivery goes with its incident, and its tries with it.
ADD_KEYS = """
ALTER TABLE nightshift_delivery ADD CONSTRAINT nightshift_delivery_incident_id_fk
      FOREIGN KEY (incident_id) REFERENCES nightshift_incident (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED;
ALTER TABLE nightshift_deliveryattempt ADD CONSTRAINT nightshift_deliveryattempt_delivery_id_fk
      FOREIGN KEY (delivery_id) REFERENCES nightshift_delivery (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
"""
DROP_KEYS = """
ALTER TABLE nightshift_deliveryattempt DROP CONSTRAINT nightshift_deliveryattempt_delivery_id_fk;
ALTER TABLE nightshift_delivery DROP CONSTRAINT nightshift_delivery_incident_id_fk
"""


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0020_run_selected"),
    ]

    operations = [
        migrations.CreateModel(
            name="ChannelOff",
            fields=[
                ("name", models.TextField(primary_key=True, serialize=False)),
                ("since", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "why",
                    models.TextField(blank=True, db_default="", default="", help_text="What its server said, masked."),
                ),
            ],
            options={
                "verbose_name_plural": "channels that are off",
            },
        ),
        migrations.CreateModel(
            name="Delivery",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "incidents",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.BigIntegerField(),
                        db_default=[],
                        default=list,
                        help_text="All that it tells of.",
                    ),
                ),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("opened", "Opened"),
                            ("resolved", "Resolved"),
                            ("escalated", "Escalated"),
                            ("acknowledged", "Acknowledged"),
                        ],
                        max_length=12,
                    ),
                ),
                ("channel", models.TextField(help_text="Its name in JOBS_CHANNELS, or email: and an address.")),
                (
                    "at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), help_text="When it was decided."
                    ),
                ),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="When it is to be sent, or tried again.",
                    ),
                ),
                (
                    "silenced",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="What made it wait: quiet hours, a maintenance window, a snooze.",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                ("leased_until", models.DateTimeField(null=True)),
                (
                    "leased_by",
                    models.TextField(blank=True, db_default="", default="", help_text="The process that delivers it."),
                ),
                ("message", models.JSONField(help_text="What was sent: null before the first try.", null=True)),
                (
                    "answer",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="What the server said last, masked."
                    ),
                ),
                ("delivered_at", models.DateTimeField(null=True)),
                ("given_up_at", models.DateTimeField(null=True)),
                ("why", models.TextField(blank=True, db_default="", default="", help_text="Why it was given up.")),
            ],
            options={
                "verbose_name_plural": "deliveries",
            },
        ),
        migrations.CreateModel(
            name="DeliveryAttempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("answered_at", models.DateTimeField(null=True)),
                (
                    "is_done",
                    models.BooleanField(db_default=False, default=False, help_text="Whether the server has it."),
                ),
                (
                    "answer",
                    models.TextField(blank=True, db_default="", default="", help_text="What the server said, masked."),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="event",
            name="an_event_is_of_a_known_kind",
        ),
        migrations.AddField(
            model_name="incident",
            name="told_with",
            field=models.BigIntegerField(
                help_text="The incident of the same cause whose messages it shares.", null=True
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
                    ("channel_off", "Channel Off"),
                    ("channel_on", "Channel On"),
                    ("undelivered", "Undelivered"),
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
                            "channel_off",
                            "channel_on",
                            "undelivered",
                        ],
                    )
                ),
                name="an_event_is_of_a_known_kind",
            ),
        ),
        migrations.AddField(
            model_name="delivery",
            name="incident",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="The first of those that are told together.",
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="deliveries",
                to="nightshift.incident",
            ),
        ),
        migrations.AddField(
            model_name="deliveryattempt",
            name="delivery",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="tries",
                to="nightshift.delivery",
            ),
        ),
        migrations.RunSQL(ADD_KEYS, DROP_KEYS),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(
                condition=models.Q(("delivered_at", None), ("given_up_at", None)),
                fields=["due_at"],
                name="deliveries_that_wait",
            ),
        ),
        migrations.AddIndex(
            model_name="delivery",
            index=models.Index(fields=["incident", "id"], name="deliveries_of_an_incident"),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.UniqueConstraint(
                condition=models.Q(("delivered_at", None), ("given_up_at", None), ("attempts", 0)),
                fields=("incident", "channel", "kind"),
                name="one_delivery_joins_all",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["opened", "resolved", "escalated", "acknowledged"])),
                name="a_delivery_is_of_a_known_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="delivery",
            constraint=models.CheckConstraint(
                condition=models.Q(("delivered_at", None), ("given_up_at", None), _connector="OR"),
                name="a_delivery_ends_in_one_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="deliveryattempt",
            constraint=models.UniqueConstraint(fields=("delivery", "number"), name="one_delivery_attempt_per_number"),
        ),
    ]
