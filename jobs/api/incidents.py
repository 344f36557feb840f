"""/api/v1/incidents/: what is wrong with jobs; and what is done about it: acknowledge, snooze, resolve."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.access.actor import Actor
from jobs.api import cursors
from jobs.api.access import ForActors
from jobs.api.cursors import Cursored
from jobs.api.described import described
from jobs.api.examples import ACKNOWLEDGED, INCIDENT, RESOLVED, SNOOZED, answer, body
from jobs.api.fields import LabelField, OneOf
from jobs.api.fields import Request as Asked
from jobs.api.run_filters import labelled
from jobs.api.seen import seen
from jobs.choices import Cause, EventKind, NoticeKind, Resolution, Severity
from jobs.ledger.incident_acts import LONGEST_NOTE, LONGEST_SNOOZE
from jobs.models import Delivery, Incident
from jobs.reading import incidents
from jobs.reading.incident_timeline import OF_A_DELIVERY, facts, story
from jobs.reading.incidents import Wanted
from jobs.verbs import incident as verbs

WHAT = ["run", *dict.fromkeys([*NoticeKind.values, EventKind.SNOOZED.value])]


class IncidentQuery(Cursored):
    job = serializers.ListField(
        child=serializers.CharField(max_length=127), required=False, help_text="Only this job's. Repeat it for several."
    )
    locals()["label"] = LabelField(help_text="Only of jobs that declare this label.")
    cause = serializers.ListField(
        child=OneOf(Cause.choices), required=False, help_text="Only of this cause. Repeat it for several."
    )
    state = OneOf(["open", "resolved"], required=False, help_text="Only those that are open, or only those over.")
    acknowledged = serializers.BooleanField(
        required=False, help_text="Only those that somebody acknowledged, or only others."
    )


class IncidentSerializer(serializers.ModelSerializer[Incident]):
    # No choice fields: OpenAPI has one enumeration of a name, and one of these may be empty.
    cause = serializers.CharField(help_text=f"One of: {', '.join(Cause.values)}.")
    severity = serializers.CharField(help_text=f"By its cause: {', '.join(Severity.values)}.")
    resolution = serializers.CharField(help_text=f"Empty while it is open: {', '.join(Resolution.values)}.")
    first_run = serializers.IntegerField(allow_null=True, help_text="The first run that it is about.")
    last_run = serializers.IntegerField(allow_null=True, help_text="The latest run that it is about.")
    owner = serializers.CharField(help_text="Who answers for the job; empty if nobody is declared.")
    runbook = serializers.CharField(help_text="Where it is written what to do when the job fails.")

    class Meta:
        model = Incident
        fields = list(INCIDENT.keys() - {"moments", "deliveries"})
        fields.sort(key=list(INCIDENT).index)
        read_only_fields = fields


class MomentSerializer(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    what = serializers.CharField(help_text=f"One of: {', '.join(WHAT)}.")
    text = serializers.CharField()
    by = serializers.CharField(help_text="Who did it; empty where it happened by itself.")
    run = serializers.IntegerField(allow_null=True)
    status = serializers.CharField(help_text="That of the run; else empty.")


class DeliverySerializer(serializers.ModelSerializer[Delivery]):
    kind = serializers.CharField(help_text=f"What it tells: {', '.join(NoticeKind.values)}.")

    class Meta:
        model = Delivery
        fields = list(OF_A_DELIVERY)
        read_only_fields = fields


class IncidentDetailSerializer(IncidentSerializer):
    moments = MomentSerializer(many=True, help_text="What happened in it, oldest first.")

    deliveries = DeliverySerializer(many=True, help_text="The messages about it, oldest first: to whom, and whether.")

    class Meta(IncidentSerializer.Meta):
        fields = [*IncidentSerializer.Meta.fields, "moments", "deliveries"]
        read_only_fields = fields


IncidentPage = cursors.page_of(IncidentSerializer, "Incident")


class WordSerializer(Asked):
    note = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=LONGEST_NOTE, help_text="It is shown to others."
    )


class SnoozeSerializer(Asked):
    until = serializers.DateTimeField(
        allow_null=True, help_text=f"When it ends, {LONGEST_SNOOZE.days} days ahead at most. Null ends it now."
    )


class IncidentList(ForActors):
    query = IncidentQuery

    @described(
        operation_id="incidents_list",
        tags=["incidents"],
        description="What is wrong with jobs: first those that are open, the worst on top, then the others, newest "
        "first. With a filter a page looks at the newest 10,000 of the others: then it may be short, or empty, and "
        "`next` goes on. An outage of Nightshift itself is of no job; everybody who sees any job sees it.",
        parameters=[IncidentQuery],
        responses=IncidentPage,
    )
    def get(self, request: Request) -> Response:
        query = IncidentQuery.read(request.query_params)
        found = incidents.page(_wanted(self.actor, query), query["page_size"], query.get("cursor"))
        rows: list[Any] = [facts(each) for each in found.incidents]
        return cursors.answer(request, IncidentSerializer(rows, many=True).data, found.next)


class IncidentDetail(ForActors):
    @described(
        operation_id="incidents_retrieve",
        tags=["incidents"],
        description="An incident, with what happened in it.",
        responses=IncidentDetailSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        Asked.read(request.query_params)
        return _detail(self.actor, pk)


class IncidentAcknowledge(ForActors):
    @described(
        operation_id="incidents_acknowledge",
        tags=["incidents"],
        description="Say that you work on it: it isn't escalated any more.",
        request=WordSerializer,
        responses=IncidentDetailSerializer,
        problems=(409, 415, 422),
        examples=[body("with a note", {"note": "I am on it."}), answer("acknowledged", ACKNOWLEDGED)],
    )
    def post(self, request: Request, pk: int) -> Response:
        verbs.acknowledge(self.actor, pk, note=WordSerializer.read(request.data)["note"])
        return _detail(self.actor, pk)


class IncidentSnooze(ForActors):
    @described(
        operation_id="incidents_snooze",
        tags=["incidents"],
        description="Send nothing about it until then. It stays open.",
        request=SnoozeSerializer,
        responses=IncidentDetailSerializer,
        problems=(409, 415, 422),
        examples=[
            body("until the morning", {"until": SNOOZED["snoozed_until"]}),
            body("no longer", {"until": None}),
            answer("snoozed", SNOOZED),
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        verbs.snooze(self.actor, pk, SnoozeSerializer.read(request.data)["until"])
        return _detail(self.actor, pk)


class IncidentResolve(ForActors):
    @described(
        operation_id="incidents_resolve",
        tags=["incidents"],
        description="Say that it is over. The same runs don't open it again; the next one that goes wrong does.",
        request=WordSerializer,
        responses=IncidentDetailSerializer,
        problems=(409, 415, 422),
        examples=[body("with a note", {"note": "The bank was away."}), answer("resolved", RESOLVED)],
    )
    def post(self, request: Request, pk: int) -> Response:
        verbs.resolve(self.actor, pk, note=WordSerializer.read(request.data)["note"])
        return _detail(self.actor, pk)


def _wanted(actor: Actor, query: dict[str, Any]) -> Wanted:
    named = query.get("job")
    if "label" in query:
        of_label = labelled(query["label"])
        named = of_label if named is None else [job for job in named if job in of_label]
    return Wanted(
        jobs=seen(actor),
        named=named,
        causes=query.get("cause", ()),
        is_open=None if "state" not in query else query["state"] == "open",
        is_acknowledged=query.get("acknowledged"),
    )


def _detail(actor: Actor, pk: int) -> Response:
    found: Any = story(incidents.incident_of(actor, pk))
    return Response(IncidentDetailSerializer(found).data)
