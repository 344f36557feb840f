"""The ledger: what was due, what ran, and how. `settle` inserts scheduled runs, `endings` changes statuses."""

from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.core.checks import CheckMessage
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs.choices import ENDED, AttemptStatus, EventKind, Fate, InterventionKind, Reason, Status, Trigger

# Long enough for a name that Azure takes.
NAME_LENGTH = 127

# What becomes of a row whose run goes is written in the migration: Django before 6.1 can't say ON DELETE.
KEPT_BY_THE_DATABASE: Any = {"on_delete": models.DO_NOTHING, "db_constraint": False}


def optional_text(help_text: str = "") -> "models.TextField[str, str]":
    """Text that an INSERT need not name."""
    return models.TextField(blank=True, default="", db_default="", help_text=help_text)


class Array(ArrayField):  # type: ignore[type-arg]
    """An ArrayField that doesn't require django.contrib.postgres in INSTALLED_APPS: none of its lookups is used."""

    def check(self, **kwargs: Any) -> list[CheckMessage]:
        return [message for message in super().check(**kwargs) if message.id != "postgres.E005"]

    def deconstruct(self) -> Any:
        name, _, words, options = super().deconstruct()
        return name, "django.contrib.postgres.fields.ArrayField", words, options


class JobState(models.Model):
    """What is known of a declared job between two calls of `settle`. Its row is the job's lock."""

    job = models.CharField(max_length=NAME_LENGTH, primary_key=True)
    fingerprint = optional_text("The schedule and zone that the watermark belongs to.")
    ledger_from = models.DateTimeField(null=True, help_text="Where the ledger of this schedule begins.")
    ledger_through = models.DateTimeField(
        null=True, help_text="The watermark: every occurrence up to here is a run or in a gap."
    )
    rewound_from = models.DateTimeField(
        null=True, help_text="Where the watermark was before it was last set back: up to there runs may exist."
    )
    next_due_at = models.DateTimeField(null=True, db_index=True, help_text="When the tick looks at the job next.")
    declared = optional_text("The declared schedule and zone that the ledger follows.")
    zone_rules = optional_text("A checksum of the zone's rules by which it is next due.")
    last_gap = models.ForeignKey(
        "Gap",
        null=True,
        **KEPT_BY_THE_DATABASE,
        related_name="+",
        help_text="Set while the latest fate is a gap.",
    )

    def __str__(self) -> str:
        return self.job


class InterventionQuerySet(models.QuerySet["Intervention"]):
    def open(self) -> "InterventionQuerySet":
        """Nobody has ended them, though their own end may have passed."""
        return self.filter(ended_at=None)

    def in_force(self, at: datetime | None = None) -> "InterventionQuerySet":
        """Open, and not over at a moment: now by the database's clock, unless it is given."""
        return self.open().filter(Q(until=None) | Q(until__gt=at or DatabaseClock()))

    def covering(self, at: datetime) -> "InterventionQuerySet":
        """Those that were in force at a moment, also if they have ended since, and those that will be."""
        return self.filter(self._not_over(at), began_at__lte=at)

    def at_work(self, at: datetime) -> "InterventionQuerySet":
        """The open ones, and those that were in force at a moment."""
        return self.filter(Q(ended_at=None) | (self._not_over(at) & Q(began_at__lte=at)))

    @staticmethod
    def _not_over(at: datetime) -> Q:
        return Q(ended_at__gt=at) | Q(ended_at=None, until=None) | Q(ended_at=None, until__gt=at)


class DatabaseClock(models.Func):
    """The database's clock now, also late in a long transaction."""

    template = "clock_timestamp()"
    output_field = models.DateTimeField()


class Intervention(models.Model):
    """What an operator changed of a job at run time: by whom, why and until when. It stays when it has ended.

    Whoever changes one holds the job's lock, and changes the state row too (`interventions.touch` tells why).
    """

    job = models.CharField(max_length=NAME_LENGTH)
    kind = models.CharField(max_length=12, choices=InterventionKind)
    by = optional_text()
    reason = optional_text("What the operator said.")
    began_at = models.DateTimeField(db_default=Now())
    until = models.DateTimeField(null=True, help_text="When it ends by itself; null: not before an operator ends it.")
    ended_at = models.DateTimeField(null=True, help_text="When it ended; null while it is open.")
    ended_by = optional_text("The operator who ended it; empty where it ended by itself.")
    schedule = optional_text("Of an override; empty: as declared.")
    time_zone = optional_text("Of an override; empty: as declared.")
    arguments = models.JSONField(null=True, help_text="Of an override: a list of words; null: as declared.")

    objects = InterventionQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["job", "kind"], name="one_open_intervention_of_a_kind", condition=Q(ended_at=None)
            ),
            models.CheckConstraint(
                name="an_intervention_is_of_a_known_kind", condition=Q(kind__in=InterventionKind.values)
            ),
            models.CheckConstraint(
                name="an_intervention_ends_after_it_begins",
                condition=(Q(until=None) | Q(until__gt=F("began_at")))
                & (Q(ended_at=None) | Q(ended_at__gte=F("began_at"))),
            ),
            models.CheckConstraint(
                name="only_an_override_replaces_something",
                condition=Q(kind=InterventionKind.OVERRIDE) | Q(schedule="", time_zone="", arguments__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["job", "ended_at"], name="interventions_of_a_job")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.job} by {self.by}"

    @property
    def end(self) -> datetime | None:
        """When it ended, or will by itself; None where no end is known."""
        return self.ended_at or self.until

    def is_over(self, at: datetime) -> bool:
        return self.end is not None and self.end <= at

    def covers(self, at: datetime) -> bool:
        """Whether it was, or will be, in force at a moment."""
        return self.began_at <= at and not self.is_over(at)

    @property
    def replaces_schedule(self) -> bool:
        return bool(self.schedule or self.time_zone)


class RunQuerySet(models.QuerySet["Run"]):
    def active(self) -> "RunQuerySet":
        """Queued or running: what an overlap policy looks at."""
        return self.exclude(status__in=ENDED)

    def ready(self) -> "RunQuerySet":
        """Queued, and due to start."""
        return self.filter(status=Status.QUEUED, not_before__lte=Now())

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
        "self", null=True, **KEPT_BY_THE_DATABASE, related_name="+", help_text="The run it collided with."
    )
    chained_from = models.ForeignKey(
        "self", null=True, **KEPT_BY_THE_DATABASE, related_name="steps", help_text="The predecessor's run."
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
    instance = optional_text("The machine or container.")
    supervisor = optional_text("The process that watches it.")
    invocation_id = optional_text()
    release = optional_text()
    # A default of the database's: a worker of the release before, still at work, writes none.
    trace_id = optional_text("Of its span; empty without telemetry.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["run", "number"], name="one_attempt_per_number")]
        indexes = [models.Index(fields=["instance"], name="running_attempts", condition=Q(status="running"))]

    def __str__(self) -> str:
        return f"attempt {self.number} of run {self.run_id}"


class Gap(models.Model):
    """Consecutive occurrences with one fate and no run."""

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
        constraints = [
            models.CheckConstraint(name="a_gap_has_occurrences", condition=Q(count__gte=1, last__gte=F("first")))
        ]
        indexes = [models.Index(fields=["job", "first"], name="gaps_of_a_job")]

    def __str__(self) -> str:
        return f"{self.count} of {self.job} {self.fate}: {self.reason}"


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

    class Meta:
        constraints = [models.UniqueConstraint(fields=["attempt", "number"], name="one_output_per_number")]

    def __str__(self) -> str:
        return f"piece {self.number} of {self.attempt}"


class LastTick(models.Model):
    """The one row that tells when a tick last came to its end, and where; and since when ticks see the database."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1, db_default=1)
    at = models.DateTimeField(null=True, help_text="When one last came to its end.")
    instance = optional_text()
    seen_at = models.DateTimeField(null=True, help_text="When one last saw the database.")
    unbroken_since = models.DateTimeField(null=True, help_text="Since when they have, without a long pause.")
    jumped_at = models.DateTimeField(null=True, help_text="When one last found that the database's clock was set.")
    jump = models.DurationField(null=True, help_text="How far the clock was set ahead then; below zero where back.")

    class Meta:
        constraints = [models.CheckConstraint(name="one_last_tick", condition=Q(id=1))]

    def __str__(self) -> str:
        return f"the tick of {self.at}"


class Release(models.Model):
    """A release that has been at work, and what it declares. `jobs.ledger.releases` tells which one is in charge."""

    key = models.TextField(primary_key=True, help_text="Its name and a hash of its declarations.")
    name = optional_text("JOBS_RELEASE; empty where it isn't set.")
    declarations = models.JSONField(help_text="By job: a digest, and the rules that another release may need.")
    deployment = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="A number that grows: of those at work the one deployed last is in charge.",
    )
    deployed_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(help_text="When the host last called one of its processes.")

    def __str__(self) -> str:
        return self.name or self.key


class EventQuerySet(models.QuerySet["Event"]):
    def after(self, event_id: int) -> "EventQuerySet":
        """Those with a later id, oldest first. Who follows the feed asks `jobs.ledger.events.follow`."""
        return self.filter(pk__gt=event_id).order_by("pk")


class Event(models.Model):
    """Something an operator did, or that someone should know of, beside what runs and gaps tell."""

    at = models.DateTimeField(db_default=Now())
    job = models.CharField(max_length=NAME_LENGTH, blank=True, default="", db_default="")
    run = models.ForeignKey(Run, null=True, **KEPT_BY_THE_DATABASE, related_name="events")
    kind = models.CharField(max_length=32, choices=EventKind)
    by = optional_text()
    reason = optional_text("What the operator said.")
    message = models.TextField()
    count = models.PositiveIntegerField(default=1, db_default=1, help_text="How often it happened.")
    key = optional_text("What is counted in one row; empty where each has its own.")

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="one_event_per_key"),
            models.CheckConstraint(name="an_event_is_of_a_known_kind", condition=Q(kind__in=EventKind.values)),
        ]
        indexes = [models.Index(fields=["job", "-at"], name="events_of_a_job")]

    def __str__(self) -> str:
        return self.message
