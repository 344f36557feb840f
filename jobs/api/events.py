"""GET /api/v1/events/: one ordered feed of everything that changed. GET /api/v1/audit/: who did what."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api import cursors
from jobs.api.access import ForActors
from jobs.api.cursors import Cursored
from jobs.api.described import described
from jobs.api.fields import Number, OneOf
from jobs.api.fields import Request as Asked
from jobs.api.rows import RowSerializer
from jobs.api.seen import seen
from jobs.choices import Door, EventKind, Verb
from jobs.ledger import events
from jobs.models import Event
from jobs.reading.audit import OF_ACCESS, Question, audit
from jobs.reading.run_sources import Place


class FeedQuery(Asked):
    after = Number(
        min_value=0,
        max_value=2**63 - 1,
        required=False,
        help_text="The `next` of an answer; 0 is before the first. Without it the answer only says where the feed is.",
    )
    limit = Number(min_value=1, max_value=1000, default=200, help_text="How many events to look at.")


class EventSerializer(RowSerializer[Event]):
    # No choice field: OpenAPI has one enumeration of that name.
    kind = serializers.CharField(help_text=f"One of: {', '.join(EventKind.values)}.")

    class Meta:
        model = Event
        fields = ["id", "at", "kind", "job", "run", "by", "reason", "message", "count"]
        read_only_fields = fields


class AuditSerializer(EventSerializer):
    door = serializers.CharField(help_text=f"By what way: {', '.join(Door.values)}; empty: by itself.")
    before = serializers.JSONField(allow_null=True, help_text="What was in force before, without secrets.")
    after = serializers.JSONField(allow_null=True, help_text="What is in force since, without secrets.")

    class Meta(EventSerializer.Meta):
        fields = [*EventSerializer.Meta.fields, "door", "address", "token", "before", "after"]
        read_only_fields = fields


class FeedSerializer(serializers.Serializer[Any]):
    next = serializers.IntegerField(help_text="Pass it on as `after`.")
    results = EventSerializer(many=True)


AuditPage = cursors.page_of(AuditSerializer, "Audit")


class Feed(ForActors):
    query = FeedQuery

    @described(
        operation_id="events_list",
        tags=["events"],
        description="What changed, oldest first, in an order to which nothing is added later: ask again with `next`, "
        "and no event is lost or comes twice. Those of jobs that you may see: `results` may be empty while `next` "
        "goes on. An event that is counted comes once, with its count at that time.",
        parameters=[FeedQuery],
        responses=FeedSerializer,
    )
    def get(self, request: Request) -> Response:
        query, jobs = FeedQuery.read(request.query_params), seen(self.actor)
        if "after" not in query:
            return Response({"next": events.latest(), "results": []})
        found = events.follow(query["after"], query["limit"])
        hidden = frozenset() if self.actor.may_everywhere(Verb.ADMIN) else OF_ACCESS
        shown = [event for event in found if event.kind not in hidden and (jobs is None or event.job in jobs)]
        following = found[-1].pk if found else query["after"]
        return Response({"next": following, "results": EventSerializer(shown, many=True).data})


class AuditQuery(Cursored):
    by = serializers.CharField(max_length=200, required=False, help_text="Only what this person or program did.")
    job = serializers.CharField(max_length=127, required=False, help_text="Only what was done with this job.")
    kind = OneOf(EventKind.values, required=False, help_text="Only acts of this kind.")
    door = OneOf(Door.values, required=False, help_text="Only what came by this way.")
    run = Number(min_value=1, max_value=2**63 - 1, required=False, help_text="Only what was done with this run.")
    since = serializers.DateTimeField(required=False, help_text="Only what was done then or later.")
    until = serializers.DateTimeField(required=False, help_text="Only what was done before.")


class Audit(ForActors):
    query = AuditQuery

    @described(
        operation_id="audit_list",
        tags=["events"],
        description="Who did what, or tried it: newest first. Where no index answers the filters together, a page "
        "looks at the newest 10,000 events that one leaves; `next` goes on with older ones.",
        parameters=[AuditQuery],
        responses=AuditPage,
    )
    def get(self, request: Request) -> Response:
        self.actor.require_everywhere(Verb.ADMIN)
        query = AuditQuery.read(request.query_params)
        size, place = query.pop("page_size"), query.pop("cursor", None)
        found = audit(Question(**query), size, place and place.id)
        results = AuditSerializer(found.events, many=True).data
        return cursors.answer(request, results, None if found.next is None else Place(found.next))
