"""Who asked to hear of a run's end, and what became of the letter."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from jobs.models.fields import KEPT_BY_THE_DATABASE, optional_text
from jobs.models.run import Run


class RunWatch(models.Model):
    """A user asked for a letter when this run has ended. Whoever sends it holds a lease meanwhile, as of a delivery."""

    run = models.ForeignKey(Run, **KEPT_BY_THE_DATABASE, related_name="watches", db_index=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    email = models.TextField(help_text="The user's address when it was asked for.")
    at = models.DateTimeField(db_default=Now())
    due_at = models.DateTimeField(db_default=Now(), help_text="Once the run has ended: not to be sent before.")
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    tried_at = models.DateTimeField(null=True, help_text="When it was first tried.")
    leased_until = models.DateTimeField(null=True)
    done_at = models.DateTimeField(null=True, help_text="When it was sent, or given up.")
    answer = optional_text("What the server said last, masked, or why it was given up.")

    class Meta:
        verbose_name_plural = "run watches"
        constraints = [models.UniqueConstraint(fields=["run", "user"], name="one_watch_of_a_run_per_user")]
        indexes = [models.Index(fields=["due_at"], name="watches_that_wait", condition=models.Q(done_at=None))]

    def __str__(self) -> str:
        return f"watch of run {self.run_id}"
