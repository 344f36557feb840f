"""What is wrong with a job, from when until when; and what somebody is to hear of it."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from jobs.choices import Cause, NoticeKind, Resolution
from jobs.models.fields import KEPT_BY_THE_DATABASE, NAME_LENGTH, DatabaseClock, optional_text


class IncidentQuerySet(models.QuerySet["Incident"]):
    def open(self) -> "IncidentQuerySet":
        return self.filter(resolved_at=None)

    def of(self, job: str) -> "IncidentQuerySet":
        return self.filter(job=job)

    def snoozed(self) -> "IncidentQuerySet":
        """Nothing is sent about them now, by the database's clock."""
        return self.filter(snoozed_until__gt=DatabaseClock())


class Incident(models.Model):
    """Something is wrong with a job: one open row for each job and cause. It stays when it is resolved.

    It is opened and resolved in the transaction that records what it is about (`jobs.ledger.incidents`).
    """

    job = models.CharField(
        max_length=NAME_LENGTH, blank=True, default="", db_default="", help_text="Empty: Nightshift itself was away."
    )
    cause = models.CharField(max_length=20, choices=Cause)
    opened_at = models.DateTimeField(db_default=Now())
    # No foreign keys: it outlives its runs.
    first_run_id = models.BigIntegerField(null=True, help_text="The first run that it is about.")
    last_run_id = models.BigIntegerField(null=True, help_text="The latest run that it is about.")
    last_at = models.DateTimeField(db_default=Now(), help_text="When it was last found.")
    count = models.PositiveIntegerField(default=1, db_default=1, help_text="How often it was found.")
    error = optional_text("The last line of the latest run's error, masked.")
    fingerprint = optional_text("Of the error: the same for errors that differ in numbers only.")
    release = optional_text("Of the latest run.")
    instance = optional_text("Of the latest run.")
    detail = optional_text("In one sentence, what was found.")
    acknowledged_at = models.DateTimeField(null=True)
    acknowledged_by = optional_text()
    acknowledged_note = optional_text("What whoever acknowledged it said.")
    snoozed_until = models.DateTimeField(null=True, help_text="Nothing is sent about it until then.")
    snoozed_by = optional_text()
    resolved_at = models.DateTimeField(null=True)
    resolved_by = optional_text("The operator who resolved it; empty where that came by itself.")
    resolution = models.CharField(max_length=12, choices=Resolution, blank=True, default="", db_default="")
    told_with = models.BigIntegerField(null=True, help_text="The incident of the same cause whose messages it shares.")

    objects = IncidentQuerySet.as_manager()

    class Meta:
        constraints = [
            # Two ends at the same moment both try to insert this row, and one of them adds to the other's.
            models.UniqueConstraint(
                fields=["job", "cause"], name="one_open_incident_of_a_cause", condition=Q(resolved_at=None)
            ),
            models.CheckConstraint(name="an_incident_has_a_known_cause", condition=Q(cause__in=Cause.values)),
            models.CheckConstraint(
                name="an_incident_is_resolved_in_one_way",
                condition=Q(resolved_at=None, resolution="")
                | Q(resolved_at__isnull=False, resolution__in=Resolution.values),
            ),
            models.CheckConstraint(
                name="only_our_own_outage_is_of_no_job",
                condition=Q(job="", cause=Cause.NOT_RUNNING) | (~Q(job="") & ~Q(cause=Cause.NOT_RUNNING)),
            ),
        ]
        indexes = [
            models.Index(fields=["-id"], name="open_incidents", condition=Q(resolved_at=None)),
            models.Index(fields=["job", "-id"], name="incidents_of_a_job"),
        ]

    def __str__(self) -> str:
        return f"incident {self.pk}: {self.detail}"


class Notice(models.Model):
    """Somebody is to hear of an incident. It is written in the transaction that changes the incident.

    The delivering process makes messages of it; `done_at` says that it has, or that none was due.
    """

    incident = models.ForeignKey(Incident, **KEPT_BY_THE_DATABASE, related_name="notices")
    kind = models.CharField(max_length=12, choices=NoticeKind)
    at = models.DateTimeField(db_default=Now())
    run_id = models.BigIntegerField(null=True, help_text="The run that it is about.")
    done_at = models.DateTimeField(null=True, help_text="When its messages were decided.")

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_notice_is_of_a_known_kind", condition=Q(kind__in=NoticeKind.values))
        ]
        indexes = [models.Index(fields=["at"], name="notices_that_are_due", condition=Q(done_at=None))]

    def __str__(self) -> str:
        return f"incident {self.incident_id} was {self.kind}"
