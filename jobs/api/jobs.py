"""GET /api/v1/jobs/, and one of them with what comes next and how it did."""

from collections.abc import Sequence
from typing import Any

from django.urls import reverse
from django.utils import timezone
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.utils.urls import replace_query_param

from jobs.access.actor import Actor
from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.fields import LabelField, Number, OneOf, Paged
from jobs.api.seen import declared, seen
from jobs.api.serializers import JobSerializer, OccurrenceSerializer
from jobs.api.statistics import FiguresSerializer
from jobs.declarations.job import Job
from jobs.declarations.parameters import BrokenCommand, UnknownCommand, describe, json_schema
from jobs.declarations.registry import registry
from jobs.reading import facts
from jobs.reading.overview import STATES, in_state, overview
from jobs.reading.statistics import days, statistics

NEXT = 10


class JobQuery(Paged):
    page = Number(min_value=1, max_value=1_000_000, default=1, help_text="1 is the first.")
    locals()["label"] = LabelField(help_text="Only jobs that declare this label.")
    owner = serializers.CharField(max_length=200, required=False, help_text="Only jobs that declare this owner.")
    state = OneOf(STATES, required=False, help_text="Only jobs that are so; a status is that of the latest run.")
    search = serializers.CharField(
        max_length=200,
        required=False,
        help_text="Only jobs with all of these words in their name, command, description, owner, labels or schedule.",
    )


class JobPage(serializers.Serializer[Any]):
    count = serializers.IntegerField(help_text="How many jobs there are.")
    next = serializers.URLField(allow_null=True)
    results = JobSerializer(many=True)


class JobDetailSerializer(JobSerializer):
    parameters = serializers.DictField(
        read_only=True,
        allow_null=True,
        help_text="What the command takes, as JSON Schema: the `fields` of a start. Null where it can't be described.",
    )
    openapi = serializers.CharField(read_only=True, help_text="Where a start of this job is described in OpenAPI.")
    next_runs = OccurrenceSerializer(many=True, read_only=True, help_text=f"The next {NEXT} occurrences.")
    statistics = FiguresSerializer(read_only=True, help_text="Of the latest 30 days in UTC.")


class JobList(ForActors):
    query = JobQuery

    @described(
        operation_id="jobs_list",
        tags=["jobs"],
        description="The declared jobs in order of declaration, each with its latest and next run.",
        parameters=[JobQuery],
        responses=JobPage,
    )
    def get(self, request: Request) -> Response:
        query = JobQuery.read(request.query_params)
        names = names_of(self.actor, query)
        begin, end = (query["page"] - 1) * query["page_size"], query["page"] * query["page_size"]
        page = overview(names[begin:end])
        following = replace_query_param(request.build_absolute_uri(), "page", query["page"] + 1)
        results = JobSerializer(page, many=True).data  # type: ignore[arg-type]
        return Response({"count": len(names), "next": following if end < len(names) else None, "results": results})


class JobDetail(ForActors):
    @described(
        operation_id="jobs_retrieve",
        tags=["jobs"],
        description="A declared job: its latest and next runs, what it takes, and how it did in the latest 30 days.",
        responses=JobDetailSerializer,
    )
    def get(self, request: Request, name: str) -> Response:
        return Response(detail(declared(self.actor, name).name))


def detail(name: str) -> dict[str, Any]:
    """All that is known of a declared job."""
    [found] = overview([name])
    job = registry[name]
    return {
        **JobSerializer(found).data,
        "parameters": _parameters(job),
        "openapi": reverse("nightshift_api:openapi", args=[name]),
        "next_runs": OccurrenceSerializer(facts.following(job, NEXT, timezone.now())["results"], many=True).data,
        "statistics": FiguresSerializer(statistics(name, *days())).data,
    }


def names_of(actor: Actor, query: dict[str, Any]) -> list[str]:
    """The jobs that the filters give, of those that the actor may see."""
    names = _chosen(seen(actor), query)
    if state := query.get("state"):
        return in_state(state, names)
    return names


def _parameters(job: Job) -> dict[str, Any] | None:
    try:
        found = describe(job.command, job.secrets)
    except (UnknownCommand, BrokenCommand):
        return None
    return None if found.is_opaque else json_schema(found)


def _chosen(known: Sequence[str] | None, query: dict[str, Any]) -> list[str]:
    may_see = None if known is None else set(known)
    words = query.get("search", "").lower().split()
    return [
        job.name
        for job in registry.values()
        if (may_see is None or job.name in may_see)
        and ("label" not in query or query["label"] in job.labels)
        and ("owner" not in query or query["owner"] == job.owner)
        and all(word in _text(job) for word in words)
    ]


def _text(job: Job) -> str:
    schedule = job.schedule.expression.text if job.schedule else ""
    return " ".join([job.name, job.command, job.description, job.owner, *job.labels, schedule]).lower()
