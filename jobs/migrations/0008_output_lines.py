"""Each piece of output says how many lines end before it, so that a line has a number wherever one begins to read."""

from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0007_access"),
    ]

    operations = [
        migrations.AddField(
            model_name="output",
            name="lines_before",
            field=models.IntegerField(
                help_text="How many line ends the attempt's pieces before it hold; null: a former release wrote it.",
                null=True,
            ),
        ),
    ]
