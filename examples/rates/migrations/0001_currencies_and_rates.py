"""The two tables that the import fills. They depend on nobody, so another project can take them as they are."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    initial = True

    operations = [
        migrations.CreateModel(
            name="Currency",
            fields=[
                ("code", models.CharField(help_text="ISO 4217: USD.", max_length=3, primary_key=True, serialize=False)),
                ("name", models.CharField(blank=True, max_length=100)),
            ],
            options={"verbose_name_plural": "currencies", "ordering": ["code"]},
        ),
        migrations.CreateModel(
            name="Rate",
            fields=[
                ("id", models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name="ID")),
                ("date", models.DateField()),
                (
                    "rate",
                    models.DecimalField(
                        decimal_places=8, help_text="Units of the currency for one euro.", max_digits=18
                    ),
                ),
                (
                    "currency",
                    models.ForeignKey(
                        on_delete=django.db.models.deletion.PROTECT, related_name="rates", to="rates.currency"
                    ),
                ),
            ],
            options={
                "indexes": [models.Index(fields=["-date", "currency"], name="rates_latest_first")],
                "constraints": [
                    models.UniqueConstraint(fields=("currency", "date"), name="one_rate_per_currency_and_day"),
                    models.CheckConstraint(condition=models.Q(("rate__gt", 0)), name="a_rate_is_above_zero"),
                ],
            },
        ),
    ]
