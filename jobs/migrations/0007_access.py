"""Grants, service accounts and tokens; and events that nobody changes any more."""

import django.contrib.postgres.fields
import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration

# An event outlives its run: only the link goes. One with a key is counted in place.
GUARD = """
CREATE FUNCTION nightshift_keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('nightshift.pruning', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.key <> '' OR (NEW.run_id IS NULL AND to_jsonb(NEW) - 'run_id' = to_jsonb(OLD) - 'run_id'))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Events are never changed or deleted, except by manage.py prune_runs.'
        USING ERRCODE = 'restrict_violation';
END
$$
"""
PRUNE = """
CREATE FUNCTION nightshift_prune_events(ids bigint[]) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM set_config('nightshift.pruning', 'on', true);
    DELETE FROM nightshift_event WHERE id = ANY(ids);
    PERFORM set_config('nightshift.pruning', '', true);
END
$$
"""
TRIGGER = """
CREATE TRIGGER nightshift_keep_event BEFORE UPDATE OR DELETE ON nightshift_event
       FOR EACH ROW EXECUTE FUNCTION nightshift_keep_event()
"""
DROPPED = "ALTER TABLE nightshift_event DROP CONSTRAINT nightshift_event_run_id_fk"
ADDED = """
ALTER TABLE nightshift_event ADD CONSTRAINT nightshift_event_run_id_fk
      FOREIGN KEY (run_id) REFERENCES nightshift_run (id) ON DELETE {} DEFERRABLE INITIALLY DEFERRED
"""


def made(sql: str, undone: str) -> migrations.RunSQL:
    return migrations.RunSQL([sql], [undone])


class Migration(OurMigration):
    dependencies = [
        ("auth", "0012_alter_user_first_name_max_length"),
        ("nightshift", "0006_lists"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Grant",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                (
                    "verbs",
                    django.contrib.postgres.fields.ArrayField(
                        base_field=models.CharField(
                            choices=[
                                ("view", "View"),
                                ("output", "Output"),
                                ("run", "Run"),
                                ("cancel", "Cancel"),
                                ("pause", "Pause"),
                                ("override", "Override"),
                                ("alerts", "Alerts"),
                                ("admin", "Admin"),
                            ],
                            max_length=8,
                        ),
                        help_text="What may be done.",
                    ),
                ),
                (
                    "selector",
                    models.CharField(
                        help_text="A name, a pattern such as billing-*, label:payroll, or *.", max_length=200
                    ),
                ),
                ("reason", models.TextField(blank=True, db_default="", default="")),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("created_by", models.TextField(blank=True, db_default="", default="")),
                ("until", models.DateTimeField(help_text="When it ends by itself.", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="ServiceAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(max_length=100, unique=True)),
                (
                    "identity",
                    models.CharField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="The object or application id of an identity in Entra ID, whose tokens are taken for this account.",
                        max_length=100,
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("created_by", models.TextField(blank=True, db_default="", default="")),
                ("disabled_at", models.DateTimeField(help_text="Since when it may do nothing.", null=True)),
            ],
        ),
        migrations.CreateModel(
            name="Token",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("name", models.CharField(help_text="What it is for.", max_length=100)),
                (
                    "hash",
                    models.CharField(
                        help_text="SHA-256 of the whole token, in hexadecimal.", max_length=64, unique=True
                    ),
                ),
                ("hint", models.CharField(help_text="Its first letters, by which a person finds it.", max_length=12)),
                (
                    "scopes",
                    models.JSONField(
                        help_text="A list of {verbs, selector}: it may do no more, whatever its owner may."
                    ),
                ),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                ("created_by", models.TextField(blank=True, db_default="", default="")),
                ("expires_at", models.DateTimeField()),
                ("revoked_at", models.DateTimeField(null=True)),
                ("revoked_by", models.TextField(blank=True, db_default="", default="")),
                ("last_used_at", models.DateTimeField(help_text="To the minute.", null=True)),
                (
                    "last_used_from",
                    models.TextField(
                        blank=True, db_default="", default="", help_text="The address that it was last used from."
                    ),
                ),
            ],
        ),
        migrations.RemoveConstraint(
            model_name="event",
            name="an_event_is_of_a_known_kind",
        ),
        migrations.AddField(
            model_name="event",
            name="address",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="The address that the request came from."
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="after",
            field=models.JSONField(help_text="What is in force since.", null=True),
        ),
        migrations.AddField(
            model_name="event",
            name="before",
            field=models.JSONField(help_text="What was in force before, where something was changed.", null=True),
        ),
        migrations.AddField(
            model_name="event",
            name="door",
            field=models.CharField(
                blank=True,
                choices=[
                    ("shell", "Shell"),
                    ("api", "API"),
                    ("page", "Page"),
                    ("admin", "Admin"),
                    ("portal", "Portal"),
                ],
                db_default="",
                default="",
                help_text="By what way; empty: by itself.",
                max_length=8,
            ),
        ),
        migrations.AddField(
            model_name="event",
            name="token",
            field=models.TextField(
                blank=True, db_default="", default="", help_text="The name of the token that was used."
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
            model_name="event",
            index=models.Index(
                condition=models.Q(("by", ""), _negated=True), fields=["by", "-id"], name="events_by_somebody"
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
        migrations.AddField(
            model_name="grant",
            name="group",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="auth.group"
            ),
        ),
        migrations.AddField(
            model_name="grant",
            name="user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="serviceaccount",
            constraint=models.UniqueConstraint(
                condition=models.Q(("identity", ""), _negated=True),
                fields=("identity",),
                name="one_account_per_identity",
            ),
        ),
        migrations.AddField(
            model_name="grant",
            name="service",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="nightshift.serviceaccount"
            ),
        ),
        migrations.AddField(
            model_name="token",
            name="service",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to="nightshift.serviceaccount"
            ),
        ),
        migrations.AddField(
            model_name="token",
            name="user",
            field=models.ForeignKey(
                null=True, on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
            ),
        ),
        migrations.AddConstraint(
            model_name="grant",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("group__isnull", True), ("service__isnull", True), ("user__isnull", False)),
                    models.Q(("group__isnull", False), ("service__isnull", True), ("user__isnull", True)),
                    models.Q(("group__isnull", True), ("service__isnull", False), ("user__isnull", True)),
                    _connector="OR",
                ),
                name="a_grant_has_one_holder",
            ),
        ),
        migrations.AddConstraint(
            model_name="token",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    models.Q(("service__isnull", True), ("user__isnull", False)),
                    models.Q(("service__isnull", False), ("user__isnull", True)),
                    _connector="OR",
                ),
                name="a_token_has_one_owner",
            ),
        ),
        migrations.AddConstraint(
            model_name="token",
            constraint=models.CheckConstraint(
                condition=models.Q(("expires_at__gt", models.F("created_at"))), name="a_token_ends_later"
            ),
        ),
        migrations.RunSQL([DROPPED, ADDED.format("SET NULL")], [DROPPED, ADDED.format("CASCADE")]),
        made(GUARD, "DROP FUNCTION nightshift_keep_event"),
        made(TRIGGER, "DROP TRIGGER nightshift_keep_event ON nightshift_event"),
        made(PRUNE, "DROP FUNCTION nightshift_prune_events"),
    ]
