"""The audit's index for what came by one door. It is built under a lock: writers of events wait for it."""

from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration


class Migration(OurMigration):
    dependencies = [("nightshift", "0018_presets")]
    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("door", ""), _negated=True), fields=["door", "-id"], name="events_by_each_door"
            ),
        ),
    ]
