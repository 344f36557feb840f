"""Currencies, what a euro bought of them on each day, and who may see them."""

from datetime import timedelta
from decimal import Decimal
from typing import Self

from django.conf import settings
from django.contrib.auth.models import AnonymousUser, User
from django.db import models
from django.db.models import DecimalField, F, OuterRef, Q, Subquery
from django.db.models.functions import Abs, Now, Round

from examples.rates.ecb import DECIMALS, WHOLE_DIGITS

A_DAY = timedelta(days=1)
A_WEEK = timedelta(days=7)
# Easter and Christmas leave up to four days without rates. A currency that was away for longer has no rate to compare.
LONGEST_CLOSURE = timedelta(days=7)


class CurrencyQuerySet(models.QuerySet["Currency"]):
    def available_to(self, user: User | AnonymousUser) -> Self:
        """All for staff; for a customer those granted."""
        if user.is_staff:
            return self.all()
        # Without an id the join below would find the currencies that are granted to nobody.
        if not user.is_authenticated:
            return self.none()
        return self.filter(grants__user=user)


class Currency(models.Model):
    """A currency that the bank publishes, or once published, rates of."""

    # The code is the key: it never changes its meaning, and so a rate is read without a join.
    code = models.CharField(max_length=3, primary_key=True, help_text="ISO 4217: USD.")
    name = models.CharField(max_length=100, blank=True)

    objects = CurrencyQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "currencies"
        ordering = ["code"]

    def __str__(self) -> str:
        return self.code


class RateQuerySet(models.QuerySet["Rate"]):
    def visible_to(self, user: User | AnonymousUser) -> Self:
        """All for staff; for a customer those of the currencies granted."""
        if user.is_staff:
            return self.all()
        return self.filter(currency__in=Currency.objects.available_to(user))

    def latest_first(self) -> Self:
        return self.order_by("-date", "currency")

    def on_the_latest_day(self) -> Self:
        """Those of the latest day that any of these rates has."""
        return self.filter(date=Subquery(self.order_by("-date").values("date")[:1]))

    def with_change(self, over: timedelta) -> Self:
        """Annotate `before`, the rate that held `over` earlier, and `change` since then, in percent.

        Where no rates came out that day, the latest ones before it held. Both are None for a currency without.
        """
        day = OuterRef("date") - over
        earlier = Rate.objects.filter(
            currency=OuterRef("currency"), date__lte=day, date__gt=day - LONGEST_CLOSURE
        ).order_by("-date")
        percent = (F("rate") / F("before") - 1) * 100
        return self.annotate(
            before=Subquery(earlier.values("rate")[:1]),
            change=Round(percent, precision=4, output_field=DecimalField(decimal_places=4)),
        )

    def biggest_movers_first(self) -> Self:
        """After `with_change`: up or down, the furthest first; those without a change are left out."""
        return self.filter(change__isnull=False).order_by(Abs("change").desc(), "currency")


class Rate(models.Model):
    """How many units of a currency one euro bought on a day."""

    currency = models.ForeignKey(Currency, on_delete=models.PROTECT, related_name="rates")
    date = models.DateField()
    rate = models.DecimalField(
        max_digits=WHOLE_DIGITS + DECIMALS, decimal_places=DECIMALS, help_text="Units of the currency for one euro."
    )

    # What `with_change` annotates.
    before: Decimal | None
    change: Decimal | None

    objects = RateQuerySet.as_manager()

    class Meta:
        constraints = [
            # Also the index that finds a currency's latest rate.
            models.UniqueConstraint(fields=["currency", "date"], name="one_rate_per_currency_and_day"),
            models.CheckConstraint(name="a_rate_is_above_zero", condition=Q(rate__gt=0)),
        ]
        indexes = [models.Index(fields=["-date", "currency"], name="rates_latest_first")]

    def __str__(self) -> str:
        return f"{self.currency_id} {self.rate.normalize():f} on {self.date}"


class LatestRate(models.Model):
    """The latest rate of each currency: a view, which migration 0003 makes, to be read only."""

    # DO_NOTHING: deleting a currency must not try to delete from a view.
    currency = models.OneToOneField(Currency, models.DO_NOTHING, primary_key=True, related_name="latest")
    date = models.DateField()
    rate = models.DecimalField(max_digits=WHOLE_DIGITS + DECIMALS, decimal_places=DECIMALS)

    class Meta:
        managed = False
        db_table = "rates_latest"

    def __str__(self) -> str:
        return f"{self.currency_id} {self.rate.normalize():f} on {self.date}"


class CurrencyGrant(models.Model):
    """A customer may see the rates of this currency. Staff see all and need no grant."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="currency_grants")
    currency = models.ForeignKey(Currency, on_delete=models.CASCADE, related_name="grants")
    granted_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["user", "currency"], name="one_grant_per_user_and_currency")]

    def __str__(self) -> str:
        return f"{self.currency_id} for {self.user}"
