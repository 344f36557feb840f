"""Incidents of jobs, and the notices that somebody is to get of them."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration

# A notice goes with its incident.
ADD_KEY = """
ALTER TABLE nightshift_notice ADD CONSTRAINT nightshift_notice_incident_id_fk
      FOREIGN KEY (incident_id) REFERENCES nightshift_incident (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
"""
DROP_KEY = "ALTER TABLE nightshift_notice DROP CONSTRAINT nightshift_notice_incident_id_fk"


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0016_output_lz4"),
    ]

    operations = [
        migrations.CreateModel(
            name="Incident",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "job",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Empty: Nightshift itself was away.",
                        max_length=127,
                    ),
                ),
                (
                    "cause",
                    models.CharField(
                        choices=[
                            ("failed", "Failed"),
                            ("rate", "Rate"),
                            ("missed", "Missed"),
                            ("late_start", "Late Start"),
                            ("must_succeed_by", "Must Succeed By"),
                            ("not_succeeded_for", "Not Succeeded For"),
                            ("slower_than", "Slower Than"),
                            ("still_running", "Still Running"),
                            ("lost", "Lost"),
                            ("output_matches", "Output Matches"),
                            ("forgotten_pause", "Forgotten Pause"),
                            ("drift", "Drift"),
                            ("flapping", "Flapping"),
                            ("not_running", "Not Running"),
                        ],
                        max_length=20,
                    ),
                ),
                ("opened_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("first_run_id", models.BigIntegerField(help_text="The first run that it is about.", null=True)),
                ("last_run_id", models.BigIntegerField(help_text="The latest run that it is about.", null=True)),
                (
                    "last_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), help_text="When it was last found."
                    ),
                ),
                ("count", models.PositiveIntegerField(db_default=1, default=1, help_text="How often it was found.")),
                (
                    "error",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The last line of the latest run's error, masked.",
                    ),
                ),
                (
                    "fingerprint",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="Of the error: the same for errors that differ in numbers only.",
                    ),
                ),
                ("release", models.TextField(blank=True, db_default="", default="", help_text="Of the latest run.")),
                ("instance", models.TextField(blank=True, db_default="", default="", help_text="Of the latest run.")),
                (
                    "detail",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="In one sentence, what was found."
                    ),
                ),
                ("acknowledged_at", models.DateTimeField(null=True)),
                ("acknowledged_by", models.TextField(blank=True, db_default="", default="")),
                (
                    "acknowledged_note",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="What whoever acknowledged it said."
                    ),
                ),
                ("snoozed_until", models.DateTimeField(help_text="Nothing is sent about it until then.", null=True)),
                ("snoozed_by", models.TextField(blank=True, db_default="", default="")),
                ("resolved_at", models.DateTimeField(null=True)),
                (
                    "resolved_by",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The operator who resolved it; empty where that came by itself.",
                    ),
                ),
                (
                    "resolution",
                    models.CharField(
                        blank=True,
                        choices=[("recovered", "Recovered"), ("by_hand", "By Hand"), ("undeclared", "Undeclared")],
                        db_default="",
                        default="",
                        max_length=12,
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Notice",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "incident",
                    models.ForeignKey(
                        db_constraint=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="notices",
                        to="nightshift.incident",
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
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("run_id", models.BigIntegerField(help_text="The run that it is about.", null=True)),
                ("done_at", models.DateTimeField(help_text="When its messages were decided.", null=True)),
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
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(condition=models.Q(("resolved_at", None)), fields=["-id"], name="open_incidents"),
        ),
        migrations.AddIndex(
            model_name="incident",
            index=models.Index(fields=["job", "-id"], name="incidents_of_a_job"),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.UniqueConstraint(
                condition=models.Q(("resolved_at", None)), fields=("job", "cause"), name="one_open_incident_of_a_cause"
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "cause__in",
                        [
                            "failed",
                            "rate",
                            "missed",
                            "late_start",
                            "must_succeed_by",
                            "not_succeeded_for",
                            "slower_than",
                            "still_running",
                            "lost",
                            "output_matches",
                            "forgotten_pause",
                            "drift",
                            "flapping",
                            "not_running",
                        ],
                    )
                ),
                name="an_incident_has_a_known_cause",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("resolution", ""), ("resolved_at", None)),
                    models.Q(
                        ("resolution__in", ["recovered", "by_hand", "undeclared"]), ("resolved_at__isnull", False)
                    ),
                    _connector="OR",
                ),
                name="an_incident_is_resolved_in_one_way",
            ),
        ),
        migrations.AddConstraint(
            model_name="incident",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("cause", "not_running"), ("job", "")),
                    models.Q(models.Q(("job", ""), _negated=True), models.Q(("cause", "not_running"), _negated=True)),
                    _connector="OR",
                ),
                name="only_our_own_outage_is_of_no_job",
            ),
        ),
        migrations.RunSQL(ADD_KEY, DROP_KEY),
        migrations.AddIndex(
            model_name="notice",
            index=models.Index(condition=models.Q(("done_at", None)), fields=["at"], name="notices_that_are_due"),
        ),
        migrations.AddConstraint(
            model_name="notice",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["opened", "resolved", "escalated", "acknowledged"])),
                name="a_notice_is_of_a_known_kind",
            ),
        ),
    ]
