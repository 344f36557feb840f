# The filters of the API's lists, and the keys by which a client may repeat a start. The indexes have runs and attempts
# that have ended: each heartbeat writes those at work.
#
# Each index is built under a lock, and writers wait for it: with five million runs for some seconds each on a quiet
# server.

import django.db.models.functions.datetime
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0013_audit"),
    ]

    operations = [
        migrations.CreateModel(
            name="IdempotencyKey",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("owner", models.TextField(help_text="Whose key it is: two clients may use the same.")),
                ("key", models.CharField(max_length=255)),
                (
                    "request",
                    models.CharField(help_text="SHA-256 of what was asked for, in hexadecimal.", max_length=64),
                ),
                (
                    "run_id",
                    models.BigIntegerField(help_text="The run that it started; retention may have deleted it since."),
                ),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
            ],
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(
                    models.Q(("status", "running"), _negated=True), models.Q(("release", ""), _negated=True)
                ),
                fields=["release", "-run"],
                name="attempts_of_a_release",
            ),
        ),
        migrations.AddIndex(
            model_name="attempt",
            index=models.Index(
                condition=models.Q(
                    models.Q(("status", "running"), _negated=True), models.Q(("instance", ""), _negated=True)
                ),
                fields=["instance", "-run"],
                name="attempts_on_an_instance",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False), models.Q(("requested_by", ""), _negated=True)),
                fields=["requested_by", "-id"],
                name="runs_by_somebody",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("attempt__gt", 1), ("finished_at__isnull", False)),
                fields=["-id"],
                name="retried_runs",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False), ("scheduled_for__isnull", False)),
                fields=["scheduled_for", "id"],
                name="ended_occurrences",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("finished_at__isnull", False), ("started_at__isnull", False)),
                fields=["started_at", "id"],
                name="ended_starts",
            ),
        ),
        migrations.AddConstraint(
            model_name="idempotencykey",
            constraint=models.UniqueConstraint(fields=("owner", "key"), name="one_request_per_idempotency_key"),
        ),
    ]
