"""What people write down about a run, a job or a day."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Length, Now
from django.db.models.lookups import LessThanOrEqual

from jobs.models.fields import KEPT_BY_THE_DATABASE, NAME_LENGTH, optional_text
from jobs.models.run import Run

LONGEST_NOTE = 1_000


class Note(models.Model):
    """A note of a person's. It is never changed, and goes with what is as old as it.

    A run's note has the job too, and stays with the job when the run has gone. A day's may be about one job or all.
    """

    at = models.DateTimeField(db_default=Now())
    by = optional_text()
    job = models.CharField(max_length=NAME_LENGTH, blank=True, default="", db_default="")
    run = models.ForeignKey(Run, null=True, **KEPT_BY_THE_DATABASE, related_name="notes")
    day = models.DateField(null=True, help_text="In UTC: the day that it is about.")
    text = models.TextField()

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_note_is_about_something", condition=~Q(job="") | Q(day__isnull=False)),
            models.CheckConstraint(
                name="a_note_is_short", condition=~Q(text="") & Q(LessThanOrEqual(Length("text"), LONGEST_NOTE))
            ),
        ]
        indexes = [
            models.Index(fields=["job", "-id"], name="notes_of_a_job"),
            models.Index(fields=["day", "-id"], name="notes_of_a_day", condition=Q(day__isnull=False)),
        ]

    def __str__(self) -> str:
        return self.text
