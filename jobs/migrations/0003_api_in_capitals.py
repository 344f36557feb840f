"""The trigger `api` is spelled API where a person reads it. Nothing changes in the database."""

from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("nightshift", "0002_foreign_keys")]

    operations = [
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
                ],
                max_length=10,
            ),
        ),
    ]
