"""GET /api/v1/runs/, and one of them with its attempts."""

from typing import Any

from django.db.models import Prefetch, prefetch_related_objects
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api import cursors
from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.fields import Request as Asked
from jobs.api.run_filters import RunQuery, wanted
from jobs.api.serializers import RunSerializer, RunWithAttemptsSerializer
from jobs.api.waiting import LONGEST, PAUSE, until_ended
from jobs.models import Attempt, Run
from jobs.reading import run_lists
from jobs.reading.seen import run_of


class WaitQuery(Asked):
    wait = serializers.FloatField(
        min_value=0,
        max_value=LONGEST,
        default=0,
        help_text=f"Answer once the run has ended, or after so many seconds, {LONGEST} at most. Where too many others "
        "wait it is answered at once: `Retry-After` says when to ask again.",
    )


RunPage = cursors.page_of(RunSerializer, "Run")


class RunList(ForActors):
    query = RunQuery

    @described(
        operation_id="runs_list",
        tags=["runs"],
        description="Runs, newest first: by a moment where they are chosen by one, else by their number. A filter that "
        "no index answers looks at the newest 10,000 runs that the others leave: then a page may be short, or empty, "
        "and `next` goes on with older ones.",
        parameters=[RunQuery],
        responses=RunPage,
    )
    def get(self, request: Request) -> Response:
        query = RunQuery.read(request.query_params)
        found = run_lists.page(wanted(self.actor, query), query["page_size"], query.get("cursor"))
        return cursors.answer(request, RunSerializer(found.runs, many=True).data, found.next)


class RunDetail(ForActors):
    @described(
        operation_id="runs_retrieve",
        tags=["runs"],
        description="A run with its attempts.",
        parameters=[WaitQuery],
        responses=RunWithAttemptsSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        return waited(run_of(self.actor, pk), WaitQuery.read(request.query_params)["wait"])


def waited(run: Run, seconds: float, status: int = 200, headers: dict[str, str] | None = None) -> Response:
    """The run once it has ended, or as it is after so many seconds: then with the time to ask again."""
    if not seconds:
        return Response(detail(run), status=status, headers=headers)
    has_ended = until_ended(run, seconds)
    run.refresh_from_db()
    later = {} if has_ended else {"Retry-After": str(PAUSE)}
    return Response(detail(run), status=status, headers={**(headers or {}), **later})


def detail(run: Run) -> dict[str, Any]:
    """A run that was just read, with its attempts."""
    prefetch_related_objects([run], Prefetch("attempts", Attempt.objects.order_by("number")))
    found: dict[str, Any] = RunWithAttemptsSerializer(run).data
    return found
