"""What the hosts and the operators do: ticks, releases, events."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.choices import Door, EventKind
from jobs.models.fields import KEPT_BY_THE_DATABASE, NAME_LENGTH, optional_text
from jobs.models.run import Run


class LastTick(models.Model):
    """The one row that says when a tick last came to its end, and where; and since when ticks see the database."""

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
    """A release that has been at work, and what it declares. `jobs.ledger.releases` says which one is in charge."""

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
    """Something an operator did, or that someone should know of, beside what runs and gaps say."""

    at = models.DateTimeField(db_default=Now())
    job = models.CharField(max_length=NAME_LENGTH, blank=True, default="", db_default="")
    run = models.ForeignKey(Run, null=True, **KEPT_BY_THE_DATABASE, related_name="events")
    kind = models.CharField(max_length=32, choices=EventKind)
    by = optional_text()
    door = models.CharField(
        max_length=8, choices=Door, blank=True, default="", db_default="", help_text="By what way; empty: by itself."
    )
    address = optional_text("The address that the request came from.")
    token = optional_text("The name of the token that was used.")
    reason = optional_text("What the operator said.")
    message = models.TextField()
    before = models.JSONField(null=True, help_text="What was in force before, where something was changed.")
    after = models.JSONField(null=True, help_text="What is in force since.")
    count = models.PositiveIntegerField(default=1, db_default=1, help_text="How often it happened.")
    key = optional_text("What is counted in one row; empty where each has its own.")

    objects = EventQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="one_event_per_key"),
            models.CheckConstraint(name="an_event_is_of_a_known_kind", condition=Q(kind__in=EventKind.values)),
        ]
        indexes = [
            models.Index(fields=["job", "-at"], name="events_of_a_job"),
            models.Index(fields=["job", "-id"], name="latest_events_of_a_job"),
            models.Index(fields=["kind", "-id"], name="events_of_a_kind"),
            models.Index(fields=["by", "-id"], name="events_by_somebody", condition=~Q(by="")),
            models.Index(fields=["-id"], name="events_by_a_door", condition=~Q(door="")),
            models.Index(fields=["door", "-id"], name="events_by_each_door", condition=~Q(door="")),
        ]

    def __str__(self) -> str:
        return self.message
