"""Each currency's latest rate, as a view: for the admin, and for whoever reads the database with a tool of their own.

In SQL because of LATERAL: it looks up one row a currency in the unique index, where the ORM's ways read all 220,000.
A later migration that changes the type of a column of the view has to drop it first and create it again.
"""

import django.db.models.deletion
from django.db import migrations, models

CREATE_VIEW = """
    CREATE VIEW rates_latest AS
    SELECT currency.code AS currency_id, latest.date, latest.rate
    FROM rates_currency currency
    CROSS JOIN LATERAL (
        SELECT date, rate FROM rates_rate WHERE currency_id = currency.code ORDER BY date DESC LIMIT 1
    ) latest
"""


class Migration(migrations.Migration):
    dependencies = [("rates", "0002_currency_names")]

    operations = [
        migrations.RunSQL(
            CREATE_VIEW,
            "DROP VIEW rates_latest",
            state_operations=[
                migrations.CreateModel(
                    name="LatestRate",
                    fields=[
                        (
                            "currency",
                            models.OneToOneField(
                                on_delete=django.db.models.deletion.DO_NOTHING,
                                primary_key=True,
                                related_name="latest",
                                serialize=False,
                                to="rates.currency",
                            ),
                        ),
                        ("date", models.DateField()),
                        ("rate", models.DecimalField(decimal_places=8, max_digits=18)),
                    ],
                    options={"db_table": "rates_latest", "managed": False},
                ),
            ],
        ),
    ]
