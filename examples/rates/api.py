"""GET /api/rates/: the rates that the caller may see."""

from datetime import date
from typing import Any, cast

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema, extend_schema_view
from rest_framework.exceptions import ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.generics import ListAPIView
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.serializers import CharField, DecimalField, ModelSerializer
from rest_framework.views import APIView

from examples.rates.ecb import DECIMALS
from examples.rates.models import A_DAY, A_WEEK, Currency, Rate, RateQuerySet

PERIODS = {"day": A_DAY, "week": A_WEEK}
TOP = 10


class RateSerializer(ModelSerializer[Rate]):
    name = CharField(source="currency.name", read_only=True)
    rate = DecimalField(
        max_digits=None,
        decimal_places=DECIMALS,
        normalize_output=True,
        help_text="Units of the currency for one euro.",
    )
    change = DecimalField(
        max_digits=None,
        decimal_places=4,
        allow_null=True,
        help_text="In percent, since the day before (with top=week: since a week before). "
        "Null where the currency had no rate then.",
    )

    class Meta:
        model = Rate
        fields = ["currency", "name", "date", "rate", "change"]
        read_only_fields = fields


class HasCurrencies(IsAuthenticated):
    """Staff, and customers with a grant. Others learn whom to ask, where an empty list would leave them guessing."""

    message = "No currency is granted to you. Ask whoever gave you the account for one."

    def has_permission(self, request: Request, view: APIView) -> bool:
        return super().has_permission(request, view) and Currency.objects.available_to(request.user).exists()


class AvailableCurrencies(BaseFilterBackend):
    """?currency=USD&currency=JPY: some of the caller's currencies.

    One that isn't granted is answered like one that isn't known, by 400 with those that are granted.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        wanted = [code.upper() for code in request.query_params.getlist("currency")]
        if not wanted:
            return queryset
        available = list(Currency.objects.available_to(request.user).values_list("code", flat=True))
        for code in wanted:
            if code not in available:
                raise ValidationError(
                    {"currency": [f"{code!r} is not among your currencies. Write one of: {', '.join(available)}."]}
                )
        return queryset.filter(currency__in=wanted)

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "currency",
                "in": "query",
                "description": "Code of a currency that you may see. Give it again for more than one.",
                "schema": {"type": "array", "items": {"type": "string", "example": "USD"}},
                "explode": True,
            }
        ]


class Period(BaseFilterBackend):
    """?since=2026-01-01&until=2026-01-31: from the first day to the last, both included."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        since, until = _read_date(request, "since"), _read_date(request, "until")
        if since and until and since > until:
            raise ValidationError({"since": [f"since ({since}) is after until ({until}). Exchange the two."]})
        if since:
            queryset = queryset.filter(date__gte=since)
        if until:
            queryset = queryset.filter(date__lte=until)
        return queryset

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": name,
                "in": "query",
                "description": description,
                "schema": {"type": "string", "format": "date"},
            }
            for name, description in {"since": "The first day.", "until": "The last day."}.items()
        ]


class TopMovers(BaseFilterBackend):
    """?top=day: of the latest day, the ten rates that moved most. To be the last of the filters: it cuts.

    The latest day is that of the rates the other filters leave, so `until` asks for the top ten of an earlier one.
    """

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> QuerySet[Any]:
        rates = cast("RateQuerySet", queryset)
        top = request.query_params.get("top")
        if top is None:
            return rates.with_change(over=A_DAY)
        if top not in PERIODS:
            raise ValidationError({"top": [f"top is {top!r}. Write one of: {', '.join(PERIODS)}."]})
        return rates.on_the_latest_day().with_change(over=PERIODS[top]).biggest_movers_first()[:TOP]

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "top",
                "in": "query",
                "description": f"The {TOP} rates of the latest day that moved most, since the day or the week before.",
                "schema": {"type": "string", "enum": list(PERIODS)},
            }
        ]


REFUSALS = {
    400: "A parameter can't be read, or names a currency that isn't yours: the answer says which.",
    403: "Nobody is signed in, or no currency is granted to you.",
    404: "There is no such page.",
}


@extend_schema_view(
    get=extend_schema(
        responses={200: RateSerializer(many=True)}
        | {status: OpenApiResponse(OpenApiTypes.OBJECT, description=why) for status, why in REFUSALS.items()}
        # Of Nightshift's middleware, for text that no database takes.
        | {(400, "text/plain"): OpenApiResponse(OpenApiTypes.STR, description=REFUSALS[400])}
    )
)
class RateList(ListAPIView[Rate]):
    """The European Central Bank's euro reference rates of your currencies, the latest first."""

    serializer_class = RateSerializer
    permission_classes = [HasCurrencies]
    filter_backends = [AvailableCurrencies, Period, TopMovers]

    def get_queryset(self) -> RateQuerySet:
        return Rate.objects.visible_to(self.request.user).select_related("currency").latest_first()


def _read_date(request: Request, name: str) -> date | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise ValidationError({name: [f"{name} is {text!r}. Write a date such as 2026-01-31."]}) from None
