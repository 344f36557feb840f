"""Failed sign-ins that are counted, and accounts that Entra ID names."""

import django.db.models.deletion
import django.db.models.functions.datetime
from django.conf import settings
from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0008_output_lines"),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name="Failures",
            fields=[
                (
                    "key",
                    models.CharField(
                        help_text="A hash of the account or address.", max_length=64, primary_key=True, serialize=False
                    ),
                ),
                ("count", models.PositiveIntegerField(db_default=1, default=1)),
                ("until", models.DateTimeField(help_text="When they are forgotten.")),
            ],
        ),
        migrations.CreateModel(
            name="EntraAccount",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("identity", models.CharField(help_text="The person's object id.", max_length=100, unique=True)),
                ("created_at", models.DateTimeField(db_default=django.db.models.functions.datetime.Now())),
                (
                    "user",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE, related_name="+", to=settings.AUTH_USER_MODEL
                    ),
                ),
            ],
        ),
    ]
