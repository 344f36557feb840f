"""Messages about incidents on their way to people, each try at them, and the channels that refuse for good."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.choices import NoticeKind
from jobs.models.fields import KEPT_BY_THE_DATABASE, Array, DatabaseClock, optional_text
from jobs.models.incident import Incident

WAITING = Q(delivered_at=None, given_up_at=None)


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def waiting(self) -> "DeliveryQuerySet":
        """Those that are neither delivered nor given up."""
        return self.filter(WAITING)

    def due(self) -> "DeliveryQuerySet":
        """Those that wait, and whose time has come by the database's clock."""
        return self.waiting().filter(due_at__lte=DatabaseClock())

    def about(self, incident: Incident) -> "DeliveryQuerySet":
        """Those that tell of this incident, oldest first. Incidents that are grouped share theirs."""
        return self.filter(incident_id=incident.told_with or incident.pk).order_by("pk")


class Delivery(models.Model):
    """One message by one channel: about an incident, or about several of the same cause.

    It waits until `due_at`. Whoever delivers it holds a lease meanwhile: if that process dies, another one does it
    again, under the same id. It ends as delivered or given up; `why` says why it wasn't sent.
    """

    incident = models.ForeignKey(
        Incident,
        **KEPT_BY_THE_DATABASE,
        related_name="deliveries",
        db_index=False,
        help_text="The first of those that are told together.",
    )
    incidents = Array(models.BigIntegerField(), default=list, db_default=[], help_text="All that it tells of.")
    kind = models.CharField(max_length=12, choices=NoticeKind)
    channel = models.TextField(help_text="Its name in JOBS_CHANNELS, or email: and an address.")
    at = models.DateTimeField(db_default=Now(), help_text="When it was decided.")
    due_at = models.DateTimeField(db_default=Now(), help_text="When it is to be sent, or tried again.")
    silenced = optional_text("What made it wait: quiet hours, a maintenance window, a snooze.")
    attempts = models.PositiveIntegerField(default=0, db_default=0)
    leased_until = models.DateTimeField(null=True)
    leased_by = optional_text("The process that delivers it.")
    message = models.JSONField(null=True, help_text="What was sent: null before the first try.")
    answer = optional_text("What the server said last, masked.")
    delivered_at = models.DateTimeField(null=True)
    given_up_at = models.DateTimeField(null=True)
    why = optional_text("Why it was given up.")

    objects = DeliveryQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "deliveries"
        constraints = [
            # What comes before the first try joins it.
            models.UniqueConstraint(
                fields=["incident", "channel", "kind"], name="one_delivery_joins_all", condition=WAITING & Q(attempts=0)
            ),
            models.CheckConstraint(name="a_delivery_is_of_a_known_kind", condition=Q(kind__in=NoticeKind.values)),
            models.CheckConstraint(
                name="a_delivery_ends_in_one_way", condition=Q(delivered_at=None) | Q(given_up_at=None)
            ),
        ]
        indexes = [
            models.Index(fields=["due_at"], name="deliveries_that_wait", condition=WAITING),
            models.Index(fields=["incident", "id"], name="deliveries_of_an_incident"),
        ]

    def __str__(self) -> str:
        return f"delivery {self.pk} by {self.channel}"


class DeliveryAttempt(models.Model):
    """One try at a delivery. Without an answer: it is at work, or its process died."""

    delivery = models.ForeignKey(Delivery, **KEPT_BY_THE_DATABASE, related_name="tries", db_index=False)
    number = models.PositiveIntegerField()
    at = models.DateTimeField(db_default=Now())
    answered_at = models.DateTimeField(null=True)
    is_done = models.BooleanField(default=False, db_default=False, help_text="Whether the server has it.")
    answer = optional_text("What the server said, masked.")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["delivery", "number"], name="one_delivery_attempt_per_number")]

    def __str__(self) -> str:
        return f"try {self.number} at {self.delivery_id}"


class ChannelOff(models.Model):
    """A channel that refused for good and is therefore off: nothing is sent by it until somebody switches it on.

    The row goes when that happens; events say who did, and when.
    """

    name = models.TextField(primary_key=True)
    since = models.DateTimeField(db_default=Now())
    why = optional_text("What its server said, masked.")

    class Meta:
        verbose_name_plural = "channels that are off"

    def __str__(self) -> str:
        return self.name
