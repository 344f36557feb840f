"""What operators changed at run time, and until when."""

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs.choices import InterventionKind
from jobs.models.fields import NAME_LENGTH, DatabaseClock, optional_text


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


class Intervention(models.Model):
    """What an operator changed of a job at run time: by whom, why and until when. It stays when it has ended.

    A hold is of all jobs, and names none.

    Whoever changes one holds the job's lock, and changes the state row too (`interventions.touch` says why).
    """

    job = models.CharField(max_length=NAME_LENGTH, blank=True)
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

    all_starts = models.BooleanField(
        default=False, db_default=False, help_text="Of a hold: what people and programs ask for waits too."
    )

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
                name="only_a_hold_is_of_all_jobs",
                condition=Q(kind=InterventionKind.HOLD, job="")
                | (~Q(kind=InterventionKind.HOLD) & ~Q(job="") & Q(all_starts=False)),
            ),
            models.CheckConstraint(
                name="only_an_override_replaces_something",
                condition=Q(kind=InterventionKind.OVERRIDE) | Q(schedule="", time_zone="", arguments__isnull=True),
            ),
        ]
        indexes = [models.Index(fields=["job", "ended_at"], name="interventions_of_a_job")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.job or 'everything'} by {self.by}"

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
