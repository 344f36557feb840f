"""/api/v1/hold/: hold everything, end the hold, and what it swallowed."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.access.actor import Actor
from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import HELD, RELEASED, answer, body
from jobs.api.fields import Request as Asked
from jobs.api.occurrences import GapSerializer
from jobs.api.seen import seen
from jobs.ledger import holds, in_force
from jobs.models import Intervention
from jobs.verbs.hold import end_hold, hold

MOST = 1000


class HoldSerializer(Asked):
    reason = serializers.CharField(max_length=1000, help_text="Why nothing starts; everybody sees it.")
    until = serializers.DateTimeField(required=False, help_text="When it ends by itself. Default: when it is ended.")
    all_starts = serializers.BooleanField(
        default=False, help_text="Hold also what people and programs ask for, except `despite_hold`."
    )


class HeldSerializer(serializers.Serializer[Any]):
    is_held = serializers.BooleanField(help_text="Whether it is in force. If not, this is the latest one.")
    by = serializers.CharField(help_text="Who holds everything; empty if nobody ever did.")
    reason = serializers.CharField()
    all_starts = serializers.BooleanField(help_text="Whether what people and programs ask for waits too.")
    began_at = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True)
    ended_at = serializers.DateTimeField(allow_null=True)
    ended_by = serializers.CharField()
    swallowed = GapSerializer(
        many=True, help_text=f"The gaps that it made, of jobs that you may see, {MOST} at most: run them as missed."
    )


class Hold(ForActors):
    @described(
        operation_id="hold_retrieve",
        tags=["jobs"],
        description="The hold that is in force, or the latest one, and what didn't run because of it.",
        responses=HeldSerializer,
    )
    def get(self, request: Request) -> Response:
        Asked.read(request.query_params)
        return _answer(self.actor, holds.latest())

    @described(
        operation_id="hold_begin",
        tags=["jobs"],
        description="Hold everything: from now on no job starts by itself, and what is queued waits. What runs goes "
        "on. It needs the verb `pause` for all jobs.",
        request=HoldSerializer,
        responses=HeldSerializer,
        problems=(409, 415, 422),
        examples=[body("until somebody ends it", {"reason": "migration of the database"}), answer("held", HELD)],
    )
    def put(self, request: Request) -> Response:
        return _answer(self.actor, hold(self.actor, **HoldSerializer.read(request.data)))

    @described(
        operation_id="hold_end",
        tags=["jobs"],
        description="Let jobs start by themselves again. What was swallowed stays skipped until you run it.",
        responses=HeldSerializer,
        problems=(409,),
        examples=[answer("ended", RELEASED)],
    )
    def delete(self, request: Request) -> Response:
        return _answer(self.actor, end_hold(self.actor))


def _answer(actor: Actor, found: Intervention | None) -> Response:
    current, jobs = in_force.hold(), seen(actor)
    gaps = holds.swallowed(found) if found else []
    facts = {
        "is_held": current is not None,
        **{name: getattr(found, name, "") for name in ("by", "reason", "ended_by")},
        **{name: getattr(found, name, None) for name in ("began_at", "until", "ended_at")},
        "all_starts": found is not None and found.all_starts,
        "swallowed": [gap for gap in gaps if jobs is None or gap.job in jobs][:MOST],
    }
    return Response(HeldSerializer(facts).data)
