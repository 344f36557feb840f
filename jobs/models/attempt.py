"""The attempts of runs, and what they wrote."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.choices import AttemptStatus
from jobs.models.fields import KEPT_BY_THE_DATABASE, Array, optional_text
from jobs.models.run import Run


class Attempt(models.Model):
    """One try at a run, and its receipt."""

    run = models.ForeignKey(Run, **KEPT_BY_THE_DATABASE, related_name="attempts", db_index=False)
    number = models.PositiveIntegerField()
    status = models.CharField(
        max_length=11, choices=AttemptStatus, default=AttemptStatus.RUNNING, db_default=AttemptStatus.RUNNING
    )
    started_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)
    exit_code = models.IntegerField(null=True)
    signal = models.CharField(
        max_length=16, blank=True, default="", db_default="", help_text="The signal that ended it: SIGKILL."
    )
    error = optional_text()
    wall = models.DurationField(null=True)
    cpu = models.DurationField(null=True, help_text="User and system time of the child and its own children.")
    peak_memory = models.BigIntegerField(null=True, help_text="The largest process of the tree, in bytes.")
    sql_statements = models.IntegerField(null=True)
    output_bytes = models.BigIntegerField(default=0, db_default=0, help_text="What the child wrote.")
    output_dropped = models.BigIntegerField(
        default=0, db_default=0, help_text="What of it lies between head and tail, dropped."
    )
    warnings = models.PositiveIntegerField(
        default=0, db_default=0, help_text="How many lines of what it wrote warn: WARNING, WARN, DeprecationWarning: …"
    )
    output_deleted_at = models.DateTimeField(
        null=True, help_text="When retention deleted what it wrote; null: it didn't."
    )
    instance = optional_text("The machine or container.")
    supervisor = optional_text("The process that watches it.")
    invocation_id = optional_text()
    release = optional_text()
    # A default of the database's: a worker of the release before, still at work, writes none.
    trace_id = optional_text("Of its span; empty without telemetry.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_attempt_per_number")]
        indexes = [
            models.Index(fields=["instance"], name="running_attempts", condition=Q(status="running")),
            models.Index(
                fields=["release", "-run"],
                name="attempts_of_a_release",
                condition=~Q(status="running") & ~Q(release=""),
            ),
            models.Index(
                fields=["instance", "-run"],
                name="attempts_on_an_instance",
                condition=~Q(status="running") & ~Q(instance=""),
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of run {self.run_id}"


class Output(models.Model):
    """A piece of what an attempt wrote, as read from its pipes."""

    attempt = models.ForeignKey(Attempt, **KEPT_BY_THE_DATABASE, related_name="output", db_index=False)
    number = models.PositiveIntegerField()
    at = models.DateTimeField()
    body = models.BinaryField()
    stderr = Array(
        models.IntegerField(),
        default=list,
        db_default=[],
        help_text="Where in the body stderr stands: start, end, start, end …",
    )
    lines_before = models.IntegerField(
        null=True, help_text="How many line ends the attempt's pieces before it hold; null: a former release wrote it."
    )

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "number"], name="one_output_per_number")]

    def __str__(self) -> str:
        return f"piece {self.number} of {self.attempt}"
