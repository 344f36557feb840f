"""What somebody selected in a list, to act on all of it."""

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs.choices import Act
from jobs.models.fields import optional_text


class Selection(models.Model):
    """The runs or jobs of a list at one moment. Whatever the list shows later, only these are acted on, each once."""

    of = models.CharField(max_length=4, choices={"runs": "Runs", "jobs": "Jobs"})
    filter = models.JSONField(default=dict, db_default={}, help_text="By what the list was filtered.")
    members = models.JSONField(help_text="The runs' numbers or the jobs' names, in the order of the acts.")
    count = models.PositiveIntegerField()
    by = optional_text()
    token_hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of what its owner was given.")
    created_at = models.DateTimeField(db_default=Now())
    expires_at = models.DateTimeField()
    act = models.CharField(max_length=6, choices=Act, blank=True, default="", db_default="")
    place = models.PositiveIntegerField(default=0, db_default=0, help_text="How many of them were acted on.")

    class Meta:
        constraints = [
            models.CheckConstraint(
                name="a_selection_acts_on_what_it_has",
                condition=Q(place__lte=F("count")) & (Q(act="") | Q(act__in=Act.values)),
            )
        ]
        indexes = [models.Index(fields=["expires_at"], name="selections_by_their_end")]

    def __str__(self) -> str:
        return f"{self.count} {self.of} selected by {self.by}"
