"""Who asked to hear of a run's end."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration

# A watch goes with its run.
ADD_KEY = """
ALTER TABLE nightshift_runwatch ADD CONSTRAINT nightshift_runwatch_run_id_fk
      FOREIGN KEY (run_id) REFERENCES nightshift_run (id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
"""
DROP_KEY = "ALTER TABLE nightshift_runwatch DROP CONSTRAINT nightshift_runwatch_run_id_fk"


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0021_deliveries"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="RunWatch",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("email", models.TextField(help_text="The user's address when it was asked for.")),
                ("at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "due_at",
                    models.DateTimeField(
                        db_default=django.db.models.functions.datetime.Now(),
                        help_text="Once the run has ended: not to be sent before.",
                    ),
                ),
                ("attempts", models.PositiveIntegerField(db_default=0, default=0)),
                ("tried_at", models.DateTimeField(help_text="When it was first tried.", null=True)),
                ("leased_until", models.DateTimeField(null=True)),
                ("done_at", models.DateTimeField(help_text="When it was sent, or given up.", null=True)),
                (
                    "answer",
                    models.TextField(
                        blank=True,
                        db_default="",
                        default="",
                        help_text="What the server said last, masked, or why it was given up.",
                    ),
                ),
                (
                    "run",
                    models.ForeignKey(
                        db_constraint=False,
                        db_index=False,
                        on_delete=django.db.models.deletion.DO_NOTHING,
                        related_name="watches",
                        to="nightshift.run",
                    ),
                ),
                (
                    "user",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="+",
                        to=settings.AUTH_USER_MODEL,
                    ),
                ),
            ],
            options={
                "verbose_name_plural": "run watches",
                "indexes": [
                    models.Index(condition=models.Q(("done_at", None)), fields=["due_at"], name="watches_that_wait")
                ],
                "constraints": [models.UniqueConstraint(fields=("run", "user"), name="one_watch_of_a_run_per_user")],
            },
        ),
        migrations.RunSQL(ADD_KEY, DROP_KEY),
    ]
