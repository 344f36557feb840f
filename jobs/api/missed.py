"""/api/v1/jobs/<name>/missed/: which occurrences got no run, and have each of them run now, once."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import REPAIRED, answer, body
from jobs.api.fields import ConfirmField, Number
from jobs.api.fields import Request as Asked
from jobs.api.occurrences import GapSerializer
from jobs.ledger.missed import AT_ONCE
from jobs.verbs.missed import preview_missed, run_missed


class WhichQuery(Asked):
    gap = Number(min_value=1, max_value=2**63 - 1, required=False, help_text="The number of a gap.")
    after = serializers.DateTimeField(required=False, help_text="In place of a gap: a window's beginning.")
    before = serializers.DateTimeField(required=False, help_text="The window's end.")


class MissedSerializer(WhichQuery):
    note = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=1000, help_text="Why they are run; others see it."
    )
    confirm = ConfirmField()


class WithRunSerializer(serializers.Serializer[Any]):
    occurrence = serializers.DateTimeField()
    run = serializers.IntegerField(source="run_id")
    status = serializers.CharField()
    trigger = serializers.CharField()


class PreviewSerializer(serializers.Serializer[Any]):
    job = serializers.CharField()
    count = serializers.IntegerField(help_text="How many occurrences have no run.")
    occurrences = serializers.ListField(
        child=serializers.DateTimeField(), help_text=f"The oldest of them, {AT_ONCE} at most: what one call runs."
    )
    gaps = GapSerializer(many=True, help_text="The gaps that they lie in.")
    with_run = WithRunSerializer(many=True, help_text="Occurrences of the gap or window that have a run already.")


class NewRunSerializer(serializers.Serializer[Any]):
    occurrence = serializers.DateTimeField()
    run = serializers.IntegerField()


class RepairedSerializer(serializers.Serializer[Any]):
    runs = NewRunSerializer(many=True, help_text="The runs that were queued, oldest occurrence first.")
    with_run = WithRunSerializer(many=True, help_text="Occurrences that had a run already: nothing was done for them.")
    left = serializers.IntegerField(help_text="How many are still without a run: call again for those.")


class JobMissed(ForActors):
    query = WhichQuery

    @described(
        operation_id="jobs_missed_preview",
        tags=["jobs"],
        description="Which occurrences of a gap or window got no run, and would be run.",
        parameters=[WhichQuery],
        responses=PreviewSerializer,
        problems=(422,),
    )
    def get(self, request: Request, name: str) -> Response:
        found = preview_missed(self.actor, name, **WhichQuery.read(request.query_params))
        return Response(PreviewSerializer(found).data)

    @described(
        operation_id="jobs_run_missed",
        tags=["jobs"],
        description=f"Run the occurrences of a gap or window that got no run: each gets one run, however often this "
        f"is asked, up to {AT_ONCE} in a call. They run one after another, oldest first, and leave their gap; the "
        "schedule goes on meanwhile.",
        request=MissedSerializer,
        responses=RepairedSerializer,
        problems=(415, 422),
        examples=[
            body("a gap", {"gap": 12, "note": "the database was away"}),
            body("a window", {"after": "2026-03-14T00:00:00Z", "before": "2026-03-14T06:00:00Z"}),
            answer("run", REPAIRED),
        ],
    )
    def post(self, request: Request, name: str) -> Response:
        done = run_missed(self.actor, name, **MissedSerializer.read(request.data))
        runs = [{"occurrence": moment, "run": done.runs[moment]} for moment in sorted(done.runs)]
        facts = {"runs": runs, "with_run": done.with_run, "left": done.left}
        return Response(RepairedSerializer(facts).data)
