# What the lists of the API and the admin read, and less of what each change of a run has to write.
#
# Each index is built under a lock, and writers wait for it: with five million runs for some seconds each on a quiet
# server.

import django.db.models.deletion
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0005_retention"),
    ]

    operations = [
        migrations.AlterField(
            model_name="run",
            name="blocked_by",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="The run it collided with.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="+",
                to="nightshift.run",
            ),
        ),
        migrations.AlterField(
            model_name="run",
            name="chained_from",
            field=models.ForeignKey(
                db_constraint=False,
                db_index=False,
                help_text="The predecessor's run.",
                null=True,
                on_delete=django.db.models.deletion.DO_NOTHING,
                related_name="steps",
                to="nightshift.run",
            ),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["job", "-id"], name="latest_events_of_a_job"),
        ),
        migrations.AddIndex(
            model_name="event",
            index=models.Index(fields=["kind", "-id"], name="events_of_a_kind"),
        ),
        migrations.AddIndex(
            model_name="gap",
            index=models.Index(fields=["job", "-id"], name="latest_gaps_of_a_job"),
        ),
        migrations.AddIndex(
            model_name="gap",
            index=models.Index(fields=["reason", "-id"], name="gaps_of_a_reason"),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status", "succeeded")), fields=["job", "-id"], name="successful_runs_of_a_job"
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status__in", ["cancelled", "failed", "lost", "missed", "skipped", "timed_out"])),
                fields=["status", "-id"],
                name="unsuccessful_runs",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("status__in", ["cancelled", "failed", "lost", "missed", "skipped", "timed_out"])),
                fields=["status", "job", "-id"],
                name="unsuccessful_runs_of_a_job",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("trigger", "schedule"), _negated=True),
                fields=["trigger", "-id"],
                name="unscheduled_runs",
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("blocked_by__isnull", False)), fields=["blocked_by"], name="blocked_runs"
            ),
        ),
        migrations.AddIndex(
            model_name="run",
            index=models.Index(
                condition=models.Q(("chained_from__isnull", False)), fields=["chained_from"], name="chained_runs"
            ),
        ),
    ]
