"""What is due, what was due, and why: upcoming, a job's ledger, explain, drift."""

from datetime import timedelta
from typing import Any

from django.utils import timezone
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.fields import LabelField, Number
from jobs.api.fields import Request as Asked
from jobs.api.rows import RowSerializer
from jobs.api.run_filters import labelled
from jobs.api.seen import declared, seen
from jobs.api.serializers import OccurrenceSerializer, RunSerializer
from jobs.choices import Verb
from jobs.declarations.registry import registry
from jobs.ledger import in_force
from jobs.models import Gap
from jobs.reading import drift, explain, facts, run_lists, upcoming
from jobs.reading.run_lists import Between, Wanted

LONGEST = timedelta(days=31)
MOST = 1000


class UpcomingQuery(Asked):
    hours = serializers.FloatField(min_value=0, max_value=LONGEST.days * 24, default=24, help_text="How far ahead.")
    job = serializers.CharField(max_length=127, required=False, help_text="Only this job's.")
    locals()["label"] = LabelField(help_text="Only of jobs that declare this label.")


class ComingSerializer(OccurrenceSerializer):
    in_words = serializers.CharField(help_text="The schedule in plain English.")
    times = serializers.IntegerField(help_text="How many occurrences the row stands for: it has the first.")


class NextQuery(Asked):
    count = Number(min_value=1, max_value=1000, default=10, help_text="How many.")


class NextSerializer(serializers.Serializer[Any]):
    in_words = serializers.CharField(help_text="The schedules of these occurrences, with the end of an override.")
    time_zone = serializers.CharField()
    results = OccurrenceSerializer(many=True)


class ComingPage(serializers.Serializer[Any]):
    results = ComingSerializer(many=True)


class Upcoming(ForActors):
    query = UpcomingQuery

    @described(
        operation_id="upcoming_list",
        tags=["jobs"],
        description="What comes next, of all jobs, by the declared schedules, overrides and pauses. A job that is due "
        "very often gets one row.",
        parameters=[UpcomingQuery],
        responses=ComingPage,
    )
    def get(self, request: Request) -> Response:
        query, jobs = UpcomingQuery.read(request.query_params), seen(self.actor)
        names = labelled(query["label"]) if "label" in query else list(registry)
        names = [name for name in names if (jobs is None or name in jobs) and query.get("job", name) == name]
        now = timezone.now()
        until = now + timedelta(hours=query["hours"])
        current = in_force.by_job(names, now)
        found = upcoming.upcoming([registry[name] for name in names], now, until, current=current)
        return Response({"results": ComingSerializer(facts.coming(found), many=True).data})


class JobNext(ForActors):
    query = NextQuery

    @described(
        operation_id="jobs_next",
        tags=["jobs"],
        description="A job's next occurrences.",
        parameters=[NextQuery],
        responses=NextSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        job, query = declared(self.actor, name), NextQuery.read(request.query_params)
        return Response(NextSerializer(facts.following(job, query["count"], timezone.now())).data)


class LedgerQuery(Asked):
    after = serializers.DateTimeField(help_text="The window's beginning.")
    before = serializers.DateTimeField(help_text=f"Its end, at most {LONGEST.days} days later.")

    def validate(self, attrs: Any) -> Any:
        if not timedelta(0) < attrs["before"] - attrs["after"] <= LONGEST:
            raise ValidationError({"before": [f"Write a later moment than after, at most {LONGEST.days} days later."]})
        return attrs


class GapSerializer(RowSerializer[Gap]):
    fate = serializers.CharField(help_text="skipped: a rule or an operator said no. missed: nobody was there in time.")
    reason = serializers.CharField()

    class Meta:
        model = Gap
        fields = [
            "id",
            "job",
            "fingerprint",
            "first",
            "last",
            "count",
            "fate",
            "reason",
            "by",
            "note",
            "blocked_by",
            "recorded_at",
        ]
        read_only_fields = fields


class LedgerSerializer(serializers.Serializer[Any]):
    runs = RunSerializer(many=True, help_text=f"Runs of occurrences in the window, latest first: {MOST} at most.")
    gaps = GapSerializer(many=True, help_text=f"Occurrences without a run, earliest first: the newest {MOST} at most.")
    complete = serializers.BooleanField(help_text="Whether these are all. If not, ask for a shorter window.")


class JobLedger(ForActors):
    query = LedgerQuery

    @described(
        operation_id="jobs_ledger",
        tags=["jobs"],
        description="What became of a job's occurrences in a window: each is a run, or lies in a gap.",
        parameters=[LedgerQuery],
        responses=LedgerSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        self.actor.require(Verb.VIEW, name)
        query = LedgerQuery.read(request.query_params)
        after, before = query["after"], query["before"]
        page = run_lists.page(Wanted(jobs=[name], scheduled=Between(after, before)), MOST)
        gaps = list(Gap.objects.filter(job=name, first__lt=before, last__gte=after).order_by("-first")[: MOST + 1])
        if not page.runs and not gaps:
            declared(self.actor, name)
        return Response(
            {
                "runs": RunSerializer(page.runs, many=True).data,
                "gaps": GapSerializer(gaps[:MOST][::-1], many=True).data,
                "complete": page.next is None and len(gaps) <= MOST,
            }
        )


class ExplainQuery(Asked):
    at = serializers.DateTimeField(
        required=False, help_text="The occurrence nearest to it. Default: the latest that was due."
    )


class ExplanationSerializer(serializers.Serializer[Any]):
    job = serializers.CharField()
    cause = serializers.CharField(help_text="The cause for programs.")
    sentences = serializers.ListField(child=serializers.CharField(), help_text="What happened, and why.")
    occurrence = serializers.DateTimeField(allow_null=True)
    run = serializers.IntegerField(allow_null=True)
    gap = serializers.IntegerField(allow_null=True, help_text="The gap that it lies in.")
    previous = serializers.DateTimeField(allow_null=True, help_text="The neighbour before `at`, if that is none.")
    next = serializers.DateTimeField(allow_null=True, help_text="The neighbour after `at`, if that is none.")


class JobExplain(ForActors):
    query = ExplainQuery

    @described(
        operation_id="jobs_explain",
        tags=["jobs"],
        description="Why a job ran, or didn't, at a moment.",
        parameters=[ExplainQuery],
        responses=ExplanationSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        job = declared(self.actor, name)
        found = explain.explain(job, ExplainQuery.read(request.query_params).get("at"))
        return Response(ExplanationSerializer(facts.explanation(found)).data)


class DifferenceSerializer(serializers.Serializer[Any]):
    job = serializers.CharField()
    what = serializers.CharField()
    declared = serializers.CharField()
    now = serializers.CharField()
    by = serializers.CharField()
    reason = serializers.CharField()
    since = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)


class DriftPage(serializers.Serializer[Any]):
    results = DifferenceSerializer(many=True)


class Drift(ForActors):
    @described(
        operation_id="drift_list",
        tags=["jobs"],
        description="What differs at run time from what the code declares: by whom, why, and until when.",
        responses=DriftPage,
    )
    def get(self, request: Request) -> Response:
        Asked.read(request.query_params)
        jobs = seen(self.actor)
        found = [difference for difference in drift.drift() if jobs is None or difference.job in jobs]
        return Response({"results": DifferenceSerializer(found, many=True).data})
