"""Sets of arguments of a job that people keep under a name."""

from django.db import models
from django.db.models.functions import Now

from jobs.models.fields import NAME_LENGTH, Array, optional_text

LONGEST_PRESET_NAME = 80


class Preset(models.Model):
    """Arguments to run a job with, for all who may run it. Secrets are not among them: the form asks for those."""

    job = models.CharField(max_length=NAME_LENGTH)
    name = models.CharField(max_length=LONGEST_PRESET_NAME)
    words = Array(models.TextField())
    by = optional_text("Who saved it last.")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="one_preset_of_a_name")]

    def __str__(self) -> str:
        return f"{self.name}, of {self.job}"
