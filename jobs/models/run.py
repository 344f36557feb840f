"""The runs of jobs: one for an occurrence, or for each start that was asked for."""

from datetime import timedelta

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.choices import ENDED, Reason, Status, Trigger
from jobs.models.fields import KEPT_BY_THE_DATABASE, NAME_LENGTH, Array, Gin, optional_text

UNSUCCESSFUL = sorted(ENDED - {Status.SUCCEEDED})


class RunQuerySet(models.QuerySet["Run"]):
    def active(self) -> "RunQuerySet":
        """Queued or running: what an overlap policy looks at."""
        return self.exclude(status__in=ENDED)

    def ready(self) -> "RunQuerySet":
        """Queued, and due to start."""
        return self.filter(status=Status.QUEUED, not_before__lte=Now())

    def labelled(self, label: str) -> "RunQuerySet":
        """Those that were started with this label. An index has them."""
        return self.filter(labels__contains=[label]).exclude(labels=[])

    def latest_first(self) -> "RunQuerySet":
        return self.order_by("-id")


class Run(models.Model):
    """One occurrence of a schedule, or one start that a person or program asked for."""

    job = models.CharField(max_length=NAME_LENGTH)
    trigger = models.CharField(max_length=10, choices=Trigger)
    scheduled_for = models.DateTimeField(null=True, help_text="The occurrence; null where no schedule asked.")
    status = models.CharField(max_length=10, choices=Status, default=Status.QUEUED, db_default=Status.QUEUED)
    arguments = models.JSONField(
        default=list, db_default=[], help_text="A list of words, as written on the command line."
    )
    requested_by = optional_text("Who or what started it.")
    created_at = models.DateTimeField(db_default=Now())
    requested_for = models.DateTimeField(
        null=True, help_text="The later moment that it was asked for; null: at once. Until then it is in nobody's way."
    )
    not_before = models.DateTimeField(db_default=Now(), help_text="It doesn't start earlier.")
    started_at = models.DateTimeField(null=True, help_text="When its latest attempt started.")
    finished_at = models.DateTimeField(null=True)
    attempt = models.PositiveIntegerField(
        default=0, db_default=0, help_text="The latest attempt's number: the fencing token."
    )
    failures = models.PositiveIntegerField(
        default=0, db_default=0, help_text="Attempts that count against its retries."
    )
    lease_expires_at = models.DateTimeField(null=True, help_text="A running run not renewed by then is lost.")
    exclusive = models.BooleanField(
        default=True, db_default=True, help_text="No other run of the job may run beside it."
    )
    yields = models.BooleanField(
        default=False,
        db_default=False,
        help_text="It is in nobody's way: it waits for all other runs of the job, and for those like it before it.",
    )
    despite_hold = models.BooleanField(
        default=False, db_default=False, help_text="Whoever asked for it said that no hold is to keep it."
    )
    concurrency_group = optional_text()
    start_by = models.DateTimeField(
        null=True, help_text="The first attempt doesn't start later; null where no deadline holds."
    )
    cancel_requested_at = models.DateTimeField(null=True)
    cancelled_by = optional_text()
    reason = models.CharField(
        max_length=12, choices=Reason, blank=True, default="", db_default="", help_text="Why it never started."
    )
    error = optional_text("In one sentence, why it didn't succeed.")
    result = models.JSONField(null=True, help_text="What handle() returned, or what the command reported.")
    progress = models.JSONField(null=True, help_text="done, total, rate (a second), message.")
    blocked_by = models.ForeignKey(
        "self",
        null=True,
        **KEPT_BY_THE_DATABASE,
        related_name="+",
        db_index=False,
        help_text="The run it collided with.",
    )
    chained_from = models.ForeignKey(
        "self",
        null=True,
        **KEPT_BY_THE_DATABASE,
        related_name="steps",
        db_index=False,
        help_text="The predecessor's run.",
    )
    retry_of = models.ForeignKey(
        "self",
        null=True,
        **KEPT_BY_THE_DATABASE,
        related_name="retries",
        db_index=False,
        help_text="The run that a person or program asked for once more with this one.",
    )
    labels = Array(
        models.TextField(), default=list, db_default=[], blank=True, help_text="What whoever started it calls it."
    )
    pinned = models.BooleanField(
        default=False, db_default=False, help_text="An operator keeps it: retention deletes nothing of it."
    )
    rung_at = models.DateTimeField(null=True, help_text="When the tick last rang for it.")

    objects = RunQuerySet.as_manager()

    class Meta:
        constraints = [
            # Two instances at the same moment both try to insert this row, and one of them inserts nothing.
            models.UniqueConstraint(fields=["job", "scheduled_for"], name="one_run_per_occurrence"),
            # A step is queued by whichever predecessor ends last; two that end at once may both try.
            models.UniqueConstraint(
                fields=["job", "chained_from"], name="one_step_per_predecessor", condition=Q(scheduled_for=None)
            ),
            models.UniqueConstraint(
                fields=["job"],
                name="one_exclusive_run_at_a_time",
                condition=Q(status=Status.RUNNING, exclusive=True),
            ),
            models.CheckConstraint(name="status_is_a_known_word", condition=Q(status__in=Status.values)),
            models.CheckConstraint(
                name="a_running_run_has_a_lease",
                condition=~Q(status=Status.RUNNING)
                | Q(lease_expires_at__isnull=False, started_at__isnull=False, attempt__gte=1),
            ),
            models.CheckConstraint(
                name="a_run_is_finished_once_it_ended",
                condition=Q(status__in=[Status.QUEUED, Status.RUNNING], finished_at=None)
                | Q(status__in=sorted(ENDED), finished_at__isnull=False),
            ),
        ]
        indexes = [
            models.Index(fields=["job", "-id"], name="runs_of_a_job"),
            models.Index(fields=["not_before"], name="queued_runs", condition=Q(status=Status.QUEUED)),
            models.Index(fields=["lease_expires_at"], name="running_runs", condition=Q(status=Status.RUNNING)),
            models.Index(fields=["job"], name="active_runs", condition=Q(status__in=[Status.QUEUED, Status.RUNNING])),
            models.Index(
                fields=["concurrency_group"],
                name="running_in_a_group",
                condition=Q(status=Status.RUNNING) & ~Q(concurrency_group=""),
            ),
            models.Index(fields=["finished_at"], name="finished_runs", condition=Q(finished_at__isnull=False)),
            models.Index(fields=["-id"], name="pinned_runs", condition=Q(pinned=True)),
            # Each heartbeat writes the row, and with it each index that has it. So what only lists need has a run once
            # it has ended, and the index of a key that is mostly empty has only the others.
            models.Index(fields=["job", "-id"], name="successful_runs_of_a_job", condition=Q(status=Status.SUCCEEDED)),
            models.Index(fields=["status", "-id"], name="unsuccessful_runs", condition=Q(status__in=UNSUCCESSFUL)),
            models.Index(
                fields=["status", "job", "-id"],
                name="unsuccessful_runs_of_a_job",
                condition=Q(status__in=UNSUCCESSFUL),
            ),
            models.Index(fields=["trigger", "-id"], name="unscheduled_runs", condition=~Q(trigger=Trigger.SCHEDULE)),
            models.Index(
                fields=["requested_by", "-id"],
                name="runs_by_somebody",
                condition=Q(finished_at__isnull=False) & ~Q(requested_by=""),
            ),
            models.Index(fields=["-id"], name="retried_runs", condition=Q(finished_at__isnull=False, attempt__gt=1)),
            models.Index(
                fields=["scheduled_for", "id"],
                name="ended_occurrences",
                condition=Q(finished_at__isnull=False, scheduled_for__isnull=False),
            ),
            models.Index(
                fields=["started_at", "id"],
                name="ended_starts",
                condition=Q(finished_at__isnull=False, started_at__isnull=False),
            ),
            models.Index(fields=["blocked_by"], name="blocked_runs", condition=Q(blocked_by__isnull=False)),
            Gin(fields=["labels"], name="labelled_runs", condition=~Q(labels=[])),
            models.Index(fields=["retry_of"], name="retrying_runs", condition=Q(retry_of__isnull=False)),
            models.Index(fields=["chained_from"], name="chained_runs", condition=Q(chained_from__isnull=False)),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} of {self.job}"

    @property
    def duration(self) -> timedelta | None:
        """How long its latest attempt took; None where it never started or still runs.

        Nothing, where the database's clock was set back meanwhile.
        """
        if self.started_at is None or self.finished_at is None:
            return None
        return max(self.finished_at - self.started_at, timedelta(0))

    @property
    def lateness(self) -> timedelta | None:
        """How long after its occurrence it started; None for runs that no schedule asked for.

        Nothing, where a host whose clock is ahead of the database's started it early.
        """
        if self.started_at is None or self.scheduled_for is None:
            return None
        return max(self.started_at - self.scheduled_for, timedelta(0))
