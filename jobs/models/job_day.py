"""What became of the jobs, day by day. It stays when retention has deleted what it counts."""

from datetime import timedelta

from django.db import models

from jobs.choices import Trigger
from jobs.models.fields import NAME_LENGTH

# The ratio of the ends of two neighbouring buckets of a histogram, of which the first ends at a millisecond: each has a
# middle within 5 % of all that it counts. The database's functions compute with the same numbers.
GAMMA = 1.1


def _count() -> "models.PositiveIntegerField[int, int]":
    return models.PositiveIntegerField(default=0, db_default=0)


def _histogram(help_text: str) -> "models.JSONField[dict[str, int], dict[str, int]]":
    return models.JSONField(default=dict, db_default={}, help_text=f"{help_text} By bucket, how many.")


class JobDay(models.Model):
    """A job's runs that ended on one day in UTC, and its occurrences of that day without a run; by trigger.

    Triggers of the database count each run in the transaction that ends it (`0003_job_day`, `0015_warnings`), and
    `jobs.ledger.statistics` counts gaps. Occurrences in gaps stand under `schedule`, those of steps under `chain`.
    """

    pk = models.CompositePrimaryKey("job", "day", "trigger")
    job = models.CharField(max_length=NAME_LENGTH)
    day = models.DateField(help_text="In UTC: of a run the day of its end, of an occurrence without a run its own.")
    trigger = models.CharField(max_length=10, choices=Trigger)
    succeeded = _count()
    failed = _count()
    timed_out = _count()
    cancelled = _count()
    lost = _count()
    skipped = _count()
    missed = _count()
    retries = models.PositiveIntegerField(default=0, db_default=0, help_text="Attempts after a run's first.")
    gaps = models.JSONField(default=dict, db_default={}, help_text="By reason, how many occurrences got no run.")
    duration = _histogram("How long the last attempts of runs that succeeded took.")
    duration_sum = models.DurationField(default=timedelta(0), db_default=timedelta(0))
    duration_max = models.DurationField(null=True)
    lateness = _histogram("How long after their occurrences runs first started.")
    lateness_sum = models.DurationField(default=timedelta(0), db_default=timedelta(0))
    lateness_max = models.DurationField(null=True)
    cpu = models.DurationField(default=timedelta(0), db_default=timedelta(0), help_text="Of all attempts.")
    peak_memory = models.BigIntegerField(null=True, help_text="The largest of all attempts, in bytes.")
    warnings = models.PositiveBigIntegerField(
        default=0, db_default=0, help_text="How many lines of output warned, of all attempts."
    )

    class Meta:
        indexes = [models.Index(fields=["day"], name="job_days")]

    def __str__(self) -> str:
        return f"{self.job} on {self.day}, {self.trigger}"
