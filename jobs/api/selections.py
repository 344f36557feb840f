"""/api/v1/selections/: freeze what a list shows, with its count; then act on just these, some at a time."""

from typing import Any

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import APPLIED, SELECTED, answer, body
from jobs.api.fields import Number, OneOf
from jobs.api.fields import Request as Asked
from jobs.api.jobs import JobQuery, names_of
from jobs.api.run_filters import RunQuery, wanted
from jobs.api.seen import visible
from jobs.choices import Act
from jobs.ledger import selections
from jobs.ledger.selections import ACTS, AT_ONCE, MOST, MOST_NUMBERS
from jobs.models import Run
from jobs.reading import run_lists
from jobs.verbs.many import act_on_selection

PAGING = ("page", "page_size", "cursor")


class RunFilterSerializer(RunQuery):
    """The filters of the list of runs."""

    def get_fields(self) -> Any:
        return _without_paging(super().get_fields())


class JobFilterSerializer(JobQuery):
    """The filters of the list of jobs."""

    def get_fields(self) -> Any:
        return _without_paging(super().get_fields())


class SelectSerializer(Asked):
    """Either runs or jobs, by the filters of their list; `{}` selects all. Or runs by their numbers."""

    runs = RunFilterSerializer(required=False)
    jobs = JobFilterSerializer(required=False)
    run_ids = serializers.ListField(
        child=Number(min_value=1, max_value=2**63 - 1),
        required=False,
        allow_empty=False,
        max_length=MOST_NUMBERS,
        help_text="The numbers of the runs. If one of them isn't there, nothing is selected.",
    )

    def validate(self, attrs: Any) -> Any:
        if len(attrs) != 1:
            raise serializers.ValidationError(
                {"runs": ["Write one of runs and jobs, with the filters of its list, or run_ids."]}
            )
        return attrs


class SelectedSerializer(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="What to apply. It is given once, to whoever selects.")
    count = serializers.IntegerField(help_text="How many were selected.")
    highest_id = serializers.IntegerField(allow_null=True, help_text="The latest of the runs.")
    expires_at = serializers.DateTimeField(help_text="Apply it before; each batch renews it.")


class ApplySerializer(Asked):
    token = serializers.CharField(max_length=100, help_text="That of a selection of your own.")
    act = OneOf(
        Act.values,
        help_text="; ".join(f"of {of}: {' or '.join(acts)}" for of, acts in ACTS.items()),
    )
    reason = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=1000, help_text="Of a pause or a cancellation."
    )
    until = serializers.DateTimeField(required=False, help_text="When a pause ends by itself.")


class ResultSerializer(serializers.Serializer[Any]):
    run = serializers.IntegerField(allow_null=True, help_text="The run; null in a selection of jobs.")
    job = serializers.CharField(help_text="Its job; empty where the run is gone.")
    done = serializers.BooleanField()
    says = serializers.CharField(help_text="What became of it, or why nothing did.")


class AppliedSerializer(serializers.Serializer[Any]):
    results = ResultSerializer(many=True, help_text=f"Of the next {AT_ONCE} at most.")
    left = serializers.IntegerField(help_text="How many are still to come: apply again until it is 0.")


class Select(ForActors):
    @described(
        operation_id="selections_create",
        tags=["selections"],
        description=f"Freeze the runs or jobs that these filters give now, {MOST:,} at most, or the runs with these "
        f"numbers, {MOST_NUMBERS:,} at most, and count them. Nothing is done yet. Whatever the list shows later, only "
        "these are acted on.",
        request=SelectSerializer,
        responses={201: SelectedSerializer},
        problems=(415, 422),
        examples=[
            body("last night's failures", {"runs": {"status": ["failed"], "finished_after": "2026-03-14T00:00:00Z"}}),
            body("runs by their numbers", {"run_ids": [4699, 4711]}),
            body("jobs with a label", {"jobs": {"label": "billing"}}),
            answer("selected", SELECTED, 201),
        ],
    )
    def post(self, request: Request) -> Response:
        asked = SelectSerializer.read(request.data)
        [(of, chosen)] = asked.items()
        sent: Any = request.data
        kept = sent[of]
        if of == "run_ids":
            found = selections.select_these(chosen, visible(self.actor), by=self.actor.name)
        elif of == "jobs":
            found = selections.select_jobs(names_of(self.actor, chosen), kept, by=self.actor.name)
        else:
            runs = Run.objects.filter(pk__in=run_lists.ids(wanted(self.actor, chosen), MOST))
            found = selections.select_runs(runs, kept, by=self.actor.name)
        return Response(SelectedSerializer(found).data, status=201)


class Apply(ForActors):
    @described(
        operation_id="selections_apply",
        tags=["selections"],
        description=f"Act on the next {AT_ONCE} of a selection, each once, also where two ask at the same time. Call "
        "again until `left` is 0. Whatever can't be done with one is its result, and the others are acted on.",
        request=ApplySerializer,
        responses=AppliedSerializer,
        problems=(409, 415, 422),
        examples=[body("retry", {"token": SELECTED["token"], "act": "retry"}), answer("retried", APPLIED)],
    )
    def post(self, request: Request) -> Response:
        asked = ApplySerializer.read(request.data)
        done = act_on_selection(
            self.actor, asked["token"], Act(asked["act"]), reason=asked["reason"], until=asked.get("until")
        )
        rows = [
            {
                "run": result.member if isinstance(result.member, int) else None,
                "job": result.job,
                "done": result.done,
                "says": result.says,
            }
            for result in done.results
        ]
        return Response(AppliedSerializer({"results": rows, "left": done.left}).data)


def _without_paging(fields: Any) -> Any:
    return {name: field for name, field in fields.items() if name not in PAGING}
