"""What operators do: repairs, retries, labels, notes, holds and selections."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
import django.db.models.functions.text
import django.db.models.lookups
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration
from jobs.models.fields import Gin

# Table, column, the table that it refers to, and what becomes of the row when the one that it refers to goes.
KEYS = (
    ("nightshift_repair", "blocked_by_id", "nightshift_run", "SET NULL"),
    ("nightshift_run", "retry_of_id", "nightshift_run", "SET NULL"),
    ("nightshift_note", "run_id", "nightshift_run", "SET NULL"),
)


def added(table: str, column: str, to: str, then: str) -> migrations.RunSQL:
    name = f"{table}_{column}_fk"
    return migrations.RunSQL(
        f"ALTER TABLE {table} ADD CONSTRAINT {name} FOREIGN KEY ({column}) REFERENCES {to} (id) ON DELETE {then} "
        "DEFERRABLE INITIALLY DEFERRED",
        f"ALTER TABLE {table} DROP CONSTRAINT {name}",
    )


# A note outlives its run: only the link goes.
GUARD = """
CREATE FUNCTION nightshift_keep_note() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('nightshift.pruning', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.run_id IS NULL AND to_jsonb(NEW) - 'run_id' = to_jsonb(OLD) - 'run_id' THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Notes are never changed or deleted, except by manage.py prune_runs. Write another one.'
        USING ERRCODE = 'restrict_violation';
END
$$
"""
PRUNE = """
CREATE FUNCTION nightshift_prune_notes(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('nightshift.pruning', 'on', true);
    DELETE FROM nightshift_note WHERE id = ANY(ids);
    PERFORM set_config('nightshift.pruning', '', true);
END
$$
"""
TRIGGER = """
CREATE TRIGGER nightshift_keep_note BEFORE UPDATE OR DELETE ON nightshift_note
       FOR EACH ROW EXECUTE FUNCTION nightshift_keep_note()
"""


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0009_sign_in"),
    ]

    operations = [
        migrations.CreateModel(
            name="Note",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("by", models.TextField(blank=True, db_default="", default="")),
                ("job", models.CharField(blank=True, db_default="", default="", max_length=127)),
                ("day", models.DateField(help_text="In UTC: the day that it is about.", null=True)),
                ("text", models.TextField()),
            ],
        ),
        migrations.CreateModel(
            name="Repair",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job", models.CharField(max_length=127)),
                ("fingerprint", models.TextField(blank=True, db_default="", default="")),
                ("first", models.DateTimeField()),
                ("last", models.DateTimeField()),
                ("count", models.BigIntegerField()),
                ("fate", models.CharField(choices=[("skipped", "Skipped"), ("missed", "Missed")], max_length=7)),
                (
                    "reason",
                    models.CharField(
                        choices=[
                            ("overlap", "Overlap"),
                            ("paused", "Paused"),
                            ("disabled", "Disabled"),
                            ("too_late", "Too Late"),
                            ("superseded", "Superseded"),
                            ("unscheduled", "Unscheduled"),
                            ("predecessor", "Predecessor"),
                            ("held", "Held"),
                        ],
                        max_length=12,
                    ),
                ),
                (
                    "by",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The operator, setting or predecessor behind it.",
                    ),
                ),
                (
                    "note",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="What the operator said, or what was found."
                    ),
                ),
                ("recorded_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "gap_number",
                    models.BigIntegerField(help_text="The number of the gap that they were in. It may be gone."),
                ),
                (
                    "repaired_by",
                    models.TextField(blank=True, db_default="", default="", help_text="The operator who had them run."),
                ),
                ("repaired_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("why", models.TextField(blank=True, db_default="", default="", help_text="What the operator said.")),
            ],
        ),
        migrations.CreateModel(
            name="Selection",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("of", models.CharField(choices=[("runs", "Runs"), ("jobs", "Jobs")], max_length=4)),
                ("filter", models.JSONField(db_default={}, default=dict, help_text="By what the list was filtered.")),
                (
                    "members",
                    models.JSONField(help_text="The runs' numbers or the jobs' names, in the order of the acts."),
                ),
                ("count", models.PositiveIntegerField()),
                ("by", models.TextField(blank=True, db_default="", default="")),
                (
                    "token_hash",
                    models.CharField(help_text="SHA-256 of what its owner was given.", max_length=64, unique=True),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("expires_at", models.DateTimeField()),
                (
                    "act",
                    models.CharField(
                        blank=True,
                        choices=[("cancel", "Cancel"), ("retry", "Retry"), ("pause", "Pause"), ("resume", "Resume")],
                        db_default="",
                        default="",
                        max_length=6,
                    ),
                ),
                (
                    "place",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="How many of them were acted on."),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="event",
            name="an_event_is_of_a_known_kind",
        ),
        migrations.RemoveConstraint(
            model_name="intervention",
            name="an_intervention_is_of_a_known_kind",
        ),
        migrations.AddField(
            model_name="intervention",
            name="all_starts",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Of a hold: what people and programs ask for waits too."
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="despite_hold",
            field=models.BooleanField(
                db_default=False, default=False, help_text="Whoever asked for it said that no hold is to keep it."
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="labels",
            field=django.contrib.postgres.fields.ArrayField(
                base_field=models.TextField(),
                blank=True,
                db_default=[],
                default=list,
                help_text="What whoever started it calls it.",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="retry_of",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="The run that a person or program asked for once more with this one.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="retries",
                to="nightshift.run",
            ),
        ),
        migrations.AddField(
            model_name="run",
            name="yields",
            field=models.BooleanField(
                db_default=False,
                default=False,
                help_text="It is in nobody's way: it waits for all other runs of the job, and for those like it before it.",
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
                    ("repaired", "Repaired"),
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
        migrations.AlterField(
            model_name="gap",
            name="reason",
            field=models.CharField(
                choices=[
                    ("overlap", "Overlap"),
                    ("paused", "Paused"),
                    ("disabled", "Disabled"),
                    ("too_late", "Too Late"),
                    ("superseded", "Superseded"),
                    ("unscheduled", "Unscheduled"),
                    ("predecessor", "Predecessor"),
                    ("held", "Held"),
                ],
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="intervention",
            name="job",
            field=models.CharField(blank=True, max_length=127),
        ),
        migrations.AlterField(
            model_name="intervention",
            name="kind",
            field=models.CharField(
                choices=[("pause", "Pause"), ("override", "Override"), ("hold", "Hold")], max_length=12
            ),
        ),
        migrations.AlterField(
            model_name="jobday",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("schedule", "Schedule"),
                    ("catch_up", "Catch Up"),
                    ("manual", "Manual"),
                    ("api", "API"),
                    ("chain", "Chain"),
                    ("repair", "Repair"),
                ],
                max_length=10,
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="reason",
            field=models.CharField(
                blank=True,
                choices=[
                    ("overlap", "Overlap"),
                    ("paused", "Paused"),
                    ("disabled", "Disabled"),
                    ("too_late", "Too Late"),
                    ("superseded", "Superseded"),
                    ("unscheduled", "Unscheduled"),
                    ("predecessor", "Predecessor"),
                    ("held", "Held"),
                ],
                db_default="",
                default="",
                help_text="Why it never started.",
                max_length=12,
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="trigger",
            field=models.CharField(
                choices=[
                    ("schedule", "Schedule"),
                    ("catch_up", "Catch Up"),
                    ("manual", "Manual"),
                    ("api", "API"),
                    ("chain", "Chain"),
                    ("repair", "Repair"),
                ],
                max_length=10,
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=Gin(condition=models.Q(("labels", []), _negated=True), fields=["labels"], name="labelled_runs"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("retry_of__isnull", False)), fields=["retry_of"], name="retrying_runs"
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
                        ],
                    )
                ),
                name="an_event_is_of_a_known_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="intervention",
            constraint=models.CheckConstraint(
                condition=models.Q(("kind__in", ["pause", "override", "hold"])),
                name="an_intervention_is_of_a_known_kind",
            ),
        ),
        migrations.AddConstraint(
            model_name="intervention",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("job", ""), ("kind", "hold")),
                    models.Q(
                        models.Q(("kind", "hold"), _negated=True),
                        models.Q(("job", ""), _negated=True),
                        ("all_starts", False),
                    ),
                    _connector="OR",
                ),
                name="only_a_hold_is_of_all_jobs",
            ),
        ),
        migrations.AddField(
            model_name="note",
            name="run",
            field=models.ForeignKey(
                db_constraint=False,
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="notes",
                to="nightshift.run",
            ),
        ),
        migrations.AddField(
            model_name="repair",
            name="blocked_by",
            field=models.ForeignKey(
                db_constraint=False,
                help_text="The run they collided with.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="nightshift.run",
            ),
        ),
        migrations.AddIndex(
            model_name="selection",
            index=models.Index(fields=["expires_at"], name="selections_by_their_end"),
        ),
        migrations.AddConstraint(
            model_name="selection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("place__lte", models.F("count")),
                    models.Q(("act", ""), ("act__in", ["cancel", "retry", "pause", "resume"]), _connector="OR"),
                ),
                name="a_selection_acts_on_what_it_has",
            ),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(fields=["job", "-id"], name="notes_of_a_job"),
        ),
        migrations.AddIndex(
            model_name="note",
            index=models.Index(
                condition=models.Q(("day__isnull", False)), fields=["day", "-id"], name="notes_of_a_day"
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(models.Q(("job", ""), _negated=True), ("day__isnull", False), _connector="OR"),
                name="a_note_is_about_something",
            ),
        ),
        migrations.AddConstraint(
            model_name="note",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("text", ""), _negated=True),
                    django.db.models.lookups.LessThanOrEqual(django.db.models.functions.text.Length("text"), 1000),
                ),
                name="a_note_is_short",
            ),
        ),
        migrations.AddIndex(
            model_name="repair",
            index=models.Index(fields=["job", "first"], name="repairs_of_a_job"),
        ),
        migrations.AddIndex(
            model_name="repair",
            index=models.Index(fields=["gap_number"], name="repairs_of_a_gap"),
        ),
        *(added(*key) for key in KEYS),
        migrations.RunSQL(
            [GUARD, PRUNE, TRIGGER],
            [
                "DROP TRIGGER nightshift_keep_note ON nightshift_note",
                "DROP FUNCTION nightshift_keep_note",
                "DROP FUNCTION nightshift_prune_notes",
            ],
        ),
    ]
