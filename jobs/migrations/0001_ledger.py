# The ledger's tables. Nobody had deployed the ones before.

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration


class Migration(OurMigration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Gap",
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
            ],
        ),
        migrations.CreateModel(
            name="Release",
            fields=[
                (
                    "key",
                    models.TextField(
                        help_text="Its name and a hash of its declarations.", primary_key=True, serialize=False
                    ),
                ),
                (
                    "name",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="JOBS_RELEASE; empty where it isn't set."
                    ),
                ),
                (
                    "declarations",
                    models.JSONField(help_text="By job: a digest, and the rules that another release may need."),
                ),
                (
                    "deployment",
                    models.BigIntegerField(
                        db_default=0,
                        default=0,
                        help_text="A number that grows: of those at work the one deployed last is in charge.",
                    ),
                ),
                ("deployed_at", models.DateTimeField()),
                ("last_seen_at", models.DateTimeField(help_text="When the host last called one of its processes.")),
            ],
        ),
        migrations.CreateModel(
            name="Intervention",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job", models.CharField(max_length=127)),
                ("kind", models.CharField(choices=[("pause", "Pause"), ("override", "Override")], max_length=12)),
                ("by", models.TextField(blank=True, db_default="", default="")),
                (
                    "reason",
                    models.TextField(blank=True, db_default="", default="", help_text="What the operator said."),
                ),
                ("began_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "until",
                    models.DateTimeField(
                        help_text="When it ends by itself; null: not before an operator ends it.", null=True
                    ),
                ),
                ("ended_at", models.DateTimeField(help_text="When it ended; null while it is open.", null=True)),
                (
                    "ended_by",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The operator who ended it; empty where it ended by itself.",
                    ),
                ),
                (
                    "schedule",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="Of an override; empty: as declared."
                    ),
                ),
                (
                    "time_zone",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="Of an override; empty: as declared."
                    ),
                ),
                (
                    "arguments",
                    models.JSONField(help_text="Of an override: a list of words; null: as declared.", null=True),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["job", "ended_at"], name="interventions_of_a_job")],
                "constraints": [
                    models.UniqueConstraint(
                        condition=models.Q(("ended_at", None)),
                        fields=("job", "kind"),
                        name="one_open_intervention_of_a_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(("kind__in", ["pause", "override"])),
                        name="an_intervention_is_of_a_known_kind",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            models.Q(("until", None), ("until__gt", models.F("began_at")), _connector="OR"),
                            models.Q(("ended_at", None), ("ended_at__gte", models.F("began_at")), _connector="OR"),
                        ),
                        name="an_intervention_ends_after_it_begins",
                    ),
                    models.CheckConstraint(
                        condition=models.Q(
                            ("kind", "override"),
                            models.Q(("arguments__isnull", True), ("schedule", ""), ("time_zone", "")),
                            _connector="OR",
                        ),
                        name="only_an_override_replaces_something",
                    ),
                ],
            },
        ),
        migrations.CreateModel(
            name="JobState",
            fields=[
                ("job", models.CharField(max_length=127, primary_key=True, serialize=False)),
                (
                    "fingerprint",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The schedule and zone that the watermark belongs to.",
                    ),
                ),
                ("ledger_from", models.DateTimeField(help_text="Where the ledger of this schedule begins.", null=True)),
                (
                    "ledger_through",
                    models.DateTimeField(
                        help_text="The watermark: every occurrence up to here is a run or in a gap.", null=True
                    ),
                ),
                (
                    "rewound_from",
                    models.DateTimeField(
                        help_text="Where the watermark was before it was last set back: up to there runs may exist.",
                        null=True,
                    ),
                ),
                (
                    "next_due_at",
                    models.DateTimeField(db_index=True, help_text="When the tick looks at the job next.", null=True),
                ),
                (
                    "declared",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The declared schedule and zone that the ledger follows.",
                    ),
                ),
                (
                    "zone_rules",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="A checksum of the zone's rules by which it is next due.",
                    ),
                ),
                (
                    "last_gap",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="Set while the latest fate is a gap.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="nightshift.gap",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="LastTick",
            fields=[
                ("id", models.PositiveSmallIntegerField(db_default=1, default=1, primary_key=True, serialize=False)),
                ("at", models.DateTimeField(help_text="When one last came to its end.", null=True)),
                ("instance", models.TextField(blank=True, db_default="", default="")),
                ("seen_at", models.DateTimeField(help_text="When one last saw the database.", null=True)),
                (
                    "unbroken_since",
                    models.DateTimeField(help_text="Since when they have, without a long pause.", null=True),
                ),
                (
                    "jumped_at",
                    models.DateTimeField(help_text="When one last found that the database's clock was set.", null=True),
                ),
                (
                    "jump",
                    models.DurationField(
                        help_text="How far the clock was set ahead then; below zero where back.", null=True
                    ),
                ),
            ],
            options={
                "constraints": [models.CheckConstraint(condition=models.Q(("id", 1)), name="one_last_tick")],
            },
        ),
        migrations.CreateModel(
            name="Run",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("job", models.CharField(max_length=127)),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("schedule", "Schedule"),
                            ("catch_up", "Catch Up"),
                            ("manual", "Manual"),
                            ("api", "API"),
                            ("chain", "Chain"),
                        ],
                        max_length=10,
                    ),
                ),
                (
                    "scheduled_for",
                    models.DateTimeField(help_text="The occurrence; null where no schedule asked.", null=True),
                ),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("queued", "Queued"),
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("timed_out", "Timed Out"),
                            ("cancelled", "Cancelled"),
                            ("lost", "Lost"),
                            ("skipped", "Skipped"),
                            ("missed", "Missed"),
                        ],
                        db_default="queued",
                        default="queued",
                        max_length=10,
                    ),
                ),
                (
                    "arguments",
                    models.JSONField(
                        db_default=[], default=list, help_text="A list of words, as written on the command line."
                    ),
                ),
                (
                    "requested_by",
                    models.TextField(blank=True, db_default="", default="", help_text="Who or what started it."),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "requested_for",
                    models.DateTimeField(
                        help_text="The later moment that it was asked for; null: at once. Until then it is in nobody's way.",
                        null=True,
                    ),
                ),
                (
                    "not_before",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(), help_text="It doesn't start earlier."
                    ),
                ),
                ("started_at", models.DateTimeField(help_text="When its latest attempt started.", null=True)),
                ("finished_at", models.DateTimeField(null=True)),
                (
                    "attempt",
                    models.PositiveIntegerField(
                        db_default=0, default=0, help_text="The latest attempt's number: the fencing token."
                    ),
                ),
                (
                    "failures",
                    models.PositiveIntegerField(
                        db_default=0, default=0, help_text="Attempts that count against its retries."
                    ),
                ),
                (
                    "lease_expires_at",
                    models.DateTimeField(help_text="A running run not renewed by then is lost.", null=True),
                ),
                (
                    "exclusive",
                    models.BooleanField(
                        db_default=True, default=True, help_text="No other run of the job may run beside it."
                    ),
                ),
                ("concurrency_group", models.TextField(blank=True, db_default="", default="")),
                (
                    "start_by",
                    models.DateTimeField(
                        help_text="The first attempt doesn't start later; null where no deadline holds.", null=True
                    ),
                ),
                ("cancel_requested_at", models.DateTimeField(null=True)),
                ("cancelled_by", models.TextField(blank=True, db_default="", default="")),
                (
                    "reason",
                    models.CharField(
                        blank=True,
                        choices=[
                            ("overlap", "Overlap"),
                            ("paused", "Paused"),
                            ("disabled", "Disabled"),
                            ("too_late", "Too Late"),
                            ("superseded", "Superseded"),
                            ("unscheduled", "Unscheduled"),
                            ("predecessor", "Predecessor"),
                        ],
                        db_default="",
                        default="",
                        help_text="Why it never started.",
                        max_length=12,
                    ),
                ),
                (
                    "error",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="In one sentence, why it didn't succeed."
                    ),
                ),
                (
                    "result",
                    models.JSONField(help_text="What handle() returned, or what the command reported.", null=True),
                ),
                ("progress", models.JSONField(help_text="done, total, rate (a second), message.", null=True)),
                ("rung_at", models.DateTimeField(help_text="When the tick last rang for it.", null=True)),
                (
                    "blocked_by",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="The run it collided with.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="+",
                        to="nightshift.run",
                    ),
                ),
                (
                    "chained_from",
                    models.ForeignKey(
                        db_constraint=False,
                        help_text="The predecessor's run.",
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="steps",
                        to="nightshift.run",
                    ),
                ),
            ],
        ),
        migrations.AddField(
            model_name="gap",
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
        migrations.CreateModel(
            name="Event",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("job", models.CharField(blank=True, db_default="", default="", max_length=127)),
                (
                    "kind",
                    models.CharField(
                        choices=[
                            ("paused", "Paused"),
                            ("resumed", "Resumed"),
                            ("overridden", "Overridden"),
                            ("override_ended", "Override Ended"),
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
                ("by", models.TextField(blank=True, db_default="", default="")),
                (
                    "reason",
                    models.TextField(blank=True, db_default="", default="", help_text="What the operator said."),
                ),
                ("message", models.TextField()),
                ("count", models.PositiveIntegerField(db_default=1, default=1, help_text="How often it happened.")),
                (
                    "key",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="What is counted in one row; empty where each has its own.",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        null=True,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="events",
                        to="nightshift.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Attempt",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                (
                    "status",
                    models.CharField(
                        choices=[
                            ("running", "Running"),
                            ("succeeded", "Succeeded"),
                            ("failed", "Failed"),
                            ("timed_out", "Timed Out"),
                            ("cancelled", "Cancelled"),
                            ("lost", "Lost"),
                            ("interrupted", "Interrupted"),
                        ],
                        db_default="running",
                        default="running",
                        max_length=11,
                    ),
                ),
                ("started_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("finished_at", models.DateTimeField(null=True)),
                ("exit_code", models.IntegerField(null=True)),
                (
                    "signal",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The signal that ended it: SIGKILL.",
                        max_length=16,
                    ),
                ),
                ("error", models.TextField(blank=True, db_default="", default="")),
                ("wall", models.DurationField(null=True)),
                (
                    "cpu",
                    models.DurationField(
                        help_text="User and system time of the child and its own children.", null=True
                    ),
                ),
                (
                    "peak_memory",
                    models.BigIntegerField(help_text="The largest process of the tree, in bytes.", null=True),
                ),
                ("sql_statements", models.IntegerField(null=True)),
                ("output_bytes", models.BigIntegerField(db_default=0, default=0, help_text="What the child wrote.")),
                (
                    "output_dropped",
                    models.BigIntegerField(
                        db_default=0, default=0, help_text="What of it lies between head and tail, dropped."
                    ),
                ),
                (
                    "instance",
                    models.TextField(blank=True, db_default="", default="", help_text="The machine or container."),
                ),
                (
                    "supervisor",
                    models.TextField(blank=True, db_default="", default="", help_text="The process that watches it."),
                ),
                ("invocation_id", models.TextField(blank=True, db_default="", default="")),
                ("release", models.TextField(blank=True, db_default="", default="")),
                (
                    "trace_id",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="Of its span; empty without telemetry."
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="attempts",
                        to="nightshift.run",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="Output",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("number", models.PositiveIntegerField()),
                ("at", models.DateTimeField()),
                ("body", models.BinaryField()),
                (
                    "stderr",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.IntegerField(),
                        db_default=[],
                        default=list,
                        help_text="Where in the body stderr stands: start, end, start, end …",
                    ),
                ),
                (
                    "attempt",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="output",
                        to="nightshift.attempt",
                    ),
                ),
            ],
            options={
                "constraints": [models.UniqueConstraint(fields=("attempt", "number"), name="one_output_per_number")],
            },
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(fields=["job", "-id"], name="runs_of_a_job"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(condition=models.Q(("status", "queued")), fields=["not_before"], name="queued_runs"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status", "running")), fields=["lease_expires_at"], name="running_runs"
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status__in", ["queued", "running"])), fields=["job"], name="active_runs"
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status", "running"), models.Q(("concurrency_group", ""), _negated=True)),
                fields=["concurrency_group"],
                name="running_in_a_group",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False)), fields=["finished_at"], name="finished_runs"
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(fields=("job", "scheduled_for"), name="one_run_per_occurrence"),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("scheduled_for", None)),
                fields=("job", "chained_from"),
                name="one_step_per_predecessor",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.UniqueConstraint(
                condition=models.Q(("exclusive", True), ("status", "running")),
                fields=("job",),
                name="one_exclusive_run_at_a_time",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    (
                        "status__in",
                        [
                            "queued",
                            "running",
                            "succeeded",
                            "failed",
                            "timed_out",
                            "cancelled",
                            "lost",
                            "skipped",
                            "missed",
                        ],
                    )
                ),
                name="status_is_a_known_word",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("status", "running"), _negated=True),
                    models.Q(("attempt__gte", 1), ("lease_expires_at__isnull", False), ("started_at__isnull", False)),
                    _connector="OR",
                ),
                name="a_running_run_has_a_lease",
            ),
        ),
        migrations.AddConstraint(
            model_name="run",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("finished_at", None), ("status__in", ["queued", "running"])),
                    models.Q(
                        ("finished_at__isnull", False),
                        ("status__in", ["cancelled", "failed", "lost", "missed", "skipped", "succeeded", "timed_out"]),
                    ),
                    _connector="OR",
                ),
                name="a_run_is_finished_once_it_ended",
            ),
        ),
        migrations.AddIndex(
            model_name="gap",
            index=models.Index(fields=["job", "first"], name="gaps_of_a_job"),
        ),
        migrations.AddConstraint(
            model_name="gap",
            constraint=models.CheckConstraint(
                condition=models.Q(("count__gte", 1), ("last__gte", models.F("first"))), name="a_gap_has_occurrences"
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["job", "-at"], name="events_of_a_job"),
        ),
        migrations.AddConstraint(
            model_name="event",
            constraint=models.UniqueConstraint(
                condition=models.Q(("key", ""), _negated=True), fields=("key",), name="one_event_per_key"
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
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(condition=models.Q(("status", "running")), fields=["instance"], name="running_attempts"),
        ),
        migrations.AddConstraint(
            model_name="attempt",
            constraint=models.UniqueConstraint(fields=("run", "number"), name="one_attempt_per_number"),
        ),
    ]
