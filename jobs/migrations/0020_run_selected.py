"""Selected jobs can be run."""

from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0019_events_by_each_door"),
    ]

    operations = [
        migrations.RemoveConstraint(
            model_name="selection",
            name="a_selection_acts_on_what_it_has",
        ),
        migrations.AlterField(
            model_name="selection",
            name="act",
            field=models.CharField(
                blank=True,
                choices=[
                    ("cancel", "Cancel"),
                    ("retry", "Retry"),
                    ("pause", "Pause"),
                    ("resume", "Resume"),
                    ("run", "Run"),
                ],
                db_default="",
                default="",
                max_length=6,
            ),
        ),
        migrations.AddConstraint(
            model_name="selection",
            constraint=models.CheckConstraint(
                condition=models.Q(
                    ("place__lte", models.F("count")),
                    models.Q(("act", ""), ("act__in", ["cancel", "retry", "pause", "resume", "run"]), _connector="OR"),
                ),
                name="a_selection_acts_on_what_it_has",
            ),
        ),
    ]
