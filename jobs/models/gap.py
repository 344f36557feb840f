"""Occurrences that had no run, and those of them that got one afterwards."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs.choices import Fate, Reason
from jobs.models.fields import KEPT_BY_THE_DATABASE, NAME_LENGTH, optional_text
from jobs.models.run import Run


class WithoutRun(models.Model):
    """Consecutive occurrences with one fate that got no run when they were due."""

    job = models.CharField(max_length=NAME_LENGTH)
    fingerprint = optional_text()
    first = models.DateTimeField()
    last = models.DateTimeField()
    count = models.BigIntegerField()
    fate = models.CharField(max_length=7, choices=Fate)
    reason = models.CharField(max_length=12, choices=Reason)
    by = optional_text("The operator, setting or predecessor behind it.")
    note = optional_text("What the operator said, or what was found.")
    blocked_by = models.ForeignKey(
        Run, null=True, **KEPT_BY_THE_DATABASE, related_name="+", help_text="The run they collided with."
    )
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        abstract = True

    def __str__(self) -> str:
        return f"{self.count} of {self.job} {self.fate}: {self.reason}"


class Gap(WithoutRun):
    """Consecutive occurrences with one fate and no run."""

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_gap_has_occurrences", condition=Q(count__gte=1, last__gte=F("first")))
        ]
        indexes = [
            models.Index(fields=["job", "first"], name="gaps_of_a_job"),
            models.Index(fields=["job", "-id"], name="latest_gaps_of_a_job"),
            models.Index(fields=["reason", "-id"], name="gaps_of_a_reason"),
        ]


class Repair(WithoutRun):
    """Occurrences that were in a gap until an operator had them run: what the gap said of them, by whom and when.

    The job's have their runs, with the trigger `repair`. Those of the steps after it follow when these have ended.
    """

    gap_number = models.BigIntegerField(help_text="The number of the gap that they were in. It may be gone.")
    repaired_by = optional_text("The operator who had them run.")
    repaired_at = models.DateTimeField(db_default=Now())
    why = optional_text("What the operator said.")

    class Meta:
        indexes = [
            models.Index(fields=["job", "first"], name="repairs_of_a_job"),
            models.Index(fields=["gap_number"], name="repairs_of_a_gap"),
        ]
