"""GET /api/v1/jobs/<name>/statistics/."""

from datetime import date

from drf_spectacular.utils import OpenApiParameter
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.seen import declared
from jobs.api.serializers import SecondsField
from jobs.choices import Trigger, Verb
from jobs.declarations.registry import UnknownJob
from jobs.reading.statistics import Figures, NoRange, days, statistics


class CountsField(serializers.DictField):
    child = serializers.IntegerField()


class FiguresSerializer(serializers.Serializer[Figures]):
    runs = serializers.IntegerField(read_only=True, help_text="Runs that ended.")
    outcomes = CountsField(read_only=True, help_text="Runs that ended, by status.")
    gaps = CountsField(read_only=True, help_text="Occurrences without a run, by reason.")
    retries = serializers.IntegerField(read_only=True, help_text="Attempts after a run's first.")
    success_share = serializers.FloatField(
        read_only=True,
        allow_null=True,
        help_text="Succeeded, of those that succeeded, failed, timed out or were lost: 0 to 1.",
    )
    duration_p50 = SecondsField(allow_null=True, help_text="Of runs that succeeded, in seconds, within 5 %.")
    duration_p95 = SecondsField(allow_null=True, help_text="Of runs that succeeded, in seconds, within 5 %.")
    duration_mean = SecondsField(allow_null=True, help_text="Of runs that succeeded, in seconds.")
    duration_max = SecondsField(allow_null=True, help_text="Of runs that succeeded, in seconds.")
    lateness_p50 = SecondsField(allow_null=True, help_text="From the occurrence to the first start, within 5 %.")
    lateness_p95 = SecondsField(allow_null=True, help_text="From the occurrence to the first start, within 5 %.")
    lateness_max = SecondsField(allow_null=True, help_text="From the occurrence to the first start, in seconds.")
    cpu = SecondsField(help_text="CPU time of all attempts, in seconds.")
    peak_memory = serializers.IntegerField(
        read_only=True, allow_null=True, help_text="The largest attempt's, in bytes."
    )
    warnings = serializers.IntegerField(read_only=True, help_text="How many lines of output warned.")


class OfDaySerializer(FiguresSerializer):
    day = serializers.DateField(read_only=True, help_text="In UTC.")


class StatisticsSerializer(FiguresSerializer):
    job = serializers.CharField(read_only=True)
    # Its name is a keyword of Python's.
    locals()["from"] = serializers.DateField(source="since", read_only=True, help_text="The first day, in UTC.")
    to = serializers.DateField(source="until", read_only=True, help_text="The last day.")
    days = OfDaySerializer(many=True, read_only=True, help_text="The days on which anything was, oldest first.")


class JobStatistics(ForActors):
    @described(
        operation_id="jobs_statistics",
        tags=["jobs"],
        description=(
            "How a job's runs ended on a range of days in UTC, how long they took and how late they started. A run "
            "counts for the day of its end. The figures stay when retention deletes the runs."
        ),
        parameters=[
            OpenApiParameter("from", date, description="The first day. Default: 29 days before the last."),
            OpenApiParameter("to", date, description="The last day. Default: today."),
            OpenApiParameter("trigger", str, enum=Trigger.values, description="Only runs with this trigger."),
        ],
        responses=StatisticsSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        self.actor.require(Verb.VIEW, name)
        since, until = days(_day(request, "from"), _day(request, "to"))
        try:
            found = statistics(name, since, until, _trigger(request))
        except NoRange as error:
            raise ValidationError({"from": [str(error)]}) from None
        except UnknownJob:
            declared(self.actor, name)
            raise
        return Response(StatisticsSerializer(found).data)


def _day(request: Request, name: str) -> date | None:
    text = request.query_params.get(name)
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise ValidationError({name: [f"{name} is {text!r}. Write a date such as 2026-01-31."]}) from None


def _trigger(request: Request) -> Trigger | None:
    text = request.query_params.get("trigger")
    if text and text not in Trigger.values:
        raise ValidationError({"trigger": [f"trigger is {text!r}. Write one of: {', '.join(Trigger.values)}."]})
    return Trigger(text) if text else None
