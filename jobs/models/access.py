"""Who may do what with which jobs, and the tokens of programs."""

from datetime import datetime

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from jobs.choices import Verb
from jobs.models.fields import Array, DatabaseClock, optional_text

# One of these is set.
HOLDERS = ("user", "group", "service")


def _verbs() -> Array:
    return Array(models.CharField(max_length=8, choices=Verb), help_text="What may be done.")


def _one_of(*names: str) -> Q:
    """Exactly one of these columns has a value."""
    found = Q()
    for name in names:
        others = {f"{other}__isnull": other != name for other in names}
        found |= Q(**others)
    return found


class ServiceAccount(models.Model):
    """A program that has grants and tokens of its own, and belongs to no person."""

    name = models.CharField(max_length=100, unique=True)
    identity = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        help_text="The object or application id of an identity in Entra ID, whose tokens are taken for this account.",
    )
    created_at = models.DateTimeField(db_default=Now())
    created_by = optional_text()
    disabled_at = models.DateTimeField(null=True, help_text="Since when it may do nothing.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["identity"], name="one_account_per_identity", condition=~Q(identity=""))
        ]

    def __str__(self) -> str:
        return self.name


class GrantQuerySet(models.QuerySet["Grant"]):
    def in_force(self) -> "GrantQuerySet":
        return self.filter(Q(until=None) | Q(until__gt=DatabaseClock()))


class Grant(models.Model):
    """One user, group or service account may do these things with the jobs that the selector names.

    A request is allowed by a single row: rows are never combined into more than one of them says.
    """

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    group = models.ForeignKey("auth.Group", models.CASCADE, null=True, related_name="+")
    service = models.ForeignKey(ServiceAccount, models.CASCADE, null=True, related_name="+")
    verbs = _verbs()
    selector = models.CharField(max_length=200, help_text="A name, a pattern such as billing-*, label:payroll, or *.")
    reason = optional_text()
    created_at = models.DateTimeField(db_default=Now())
    created_by = optional_text()
    until = models.DateTimeField(null=True, help_text="When it ends by itself.")

    objects = GrantQuerySet.as_manager()

    class Meta:
        constraints = [models.CheckConstraint(name="a_grant_has_one_holder", condition=_one_of(*HOLDERS))]

    def __str__(self) -> str:
        return f"grant {self.pk}"


class TokenQuerySet(models.QuerySet["Token"]):
    def in_force(self, at: datetime | None = None) -> "TokenQuerySet":
        return self.filter(revoked_at=None, expires_at__gt=at or DatabaseClock())


class Token(models.Model):
    """A secret by which a program acts for a user, or for a service account. Only its hash is kept."""

    name = models.CharField(max_length=100, help_text="What it is for.")
    hash = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the whole token, in hexadecimal.")
    hint = models.CharField(max_length=12, help_text="Its first letters, by which a person finds it.")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")
    service = models.ForeignKey(ServiceAccount, models.CASCADE, null=True, related_name="+")
    scopes = models.JSONField(help_text="A list of {verbs, selector}: it may do no more, whatever its owner may.")
    created_at = models.DateTimeField(db_default=Now())
    created_by = optional_text()
    expires_at = models.DateTimeField()
    revoked_at = models.DateTimeField(null=True)
    revoked_by = optional_text()
    last_used_at = models.DateTimeField(null=True, help_text="To the minute.")
    last_used_from = optional_text("The address that it was last used from.")

    objects = TokenQuerySet.as_manager()

    class Meta:
        constraints = [
            models.CheckConstraint(name="a_token_has_one_owner", condition=_one_of("user", "service")),
            models.CheckConstraint(name="a_token_ends_later", condition=Q(expires_at__gt=F("created_at"))),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.hint}…)"


class EntraAccount(models.Model):
    """The user as whom a person of Entra ID signs in. Names change there and are given again; the object id stays."""

    identity = models.CharField(max_length=100, unique=True, help_text="The person's object id.")
    user = models.OneToOneField(settings.AUTH_USER_MODEL, models.CASCADE, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return f"{self.user} ({self.identity})"


class Failures(models.Model):
    """How often somebody failed to sign in of late: by the account's name, or by the address that it came from."""

    key = models.CharField(max_length=64, primary_key=True, help_text="A hash of the account or address.")
    count = models.PositiveIntegerField(default=1, db_default=1)
    until = models.DateTimeField(help_text="When they are forgotten.")

    def __str__(self) -> str:
        return f"{self.count} failures"
