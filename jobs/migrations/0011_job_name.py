"""A job is called a job where its state is listed."""

from django.db import migrations

from jobs.ledger.migration import Migration as OurMigration


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0010_operators"),
    ]

    operations = [
        migrations.AlterModelOptions(
            name="jobstate",
            options={"verbose_name": "job"},
        ),
    ]
