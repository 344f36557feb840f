"""GET /api/v1/runs/ and what lies below it."""

import re
from collections.abc import Callable
from typing import Any

from django.db.models import Prefetch, QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter
from rest_framework.exceptions import APIException, NotFound, PermissionDenied, ValidationError
from rest_framework.filters import BaseFilterBackend
from rest_framework.generics import ListAPIView, RetrieveAPIView
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.pagination import CursorPagination
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from jobs.access.actor import Refused
from jobs.api.access import ForActors, ForOperators
from jobs.api.described import described
from jobs.api.serializers import PinSerializer, RunSerializer, RunWithAttemptsSerializer
from jobs.choices import Status, Verb
from jobs.models import Attempt, Run
from jobs.reading import keyset
from jobs.reading.transcript import OutputDeleted, UnknownAttempt, UnknownRun, output_of, pieces
from jobs.verbs.pin import pin, unpin

# Of a run: what the database can compare with one.
ID = re.compile(r"[0-9]{1,18}")


class RunPages(CursorPagination):
    """Pages that don't shift while new runs come in, and that cost the same at the ledger's end as at its beginning."""

    ordering = "-id"
    page_size = 50
    page_size_query_param = "page_size"
    max_page_size = 200

    def decode_cursor(self, request: Request) -> Any:
        """A cursor that isn't ours is the client's mistake: its position would be compared with ids."""
        found = super().decode_cursor(request)
        if found is not None and found.position is not None and not ID.fullmatch(str(found.position)):
            raise NotFound(self.invalid_cursor_message)
        return found


class JobAndStatus(BaseFilterBackend):
    """?job=import_rates&status=failed&status=lost: one job's, or those with one of these statuses."""

    def filter_queryset(self, request: Request, queryset: QuerySet[Any], view: APIView) -> Any:
        job = request.query_params.get("job")
        statuses = request.query_params.getlist("status")
        for status in statuses:
            if status not in Status.values:
                raise ValidationError({"status": [f"status is {status!r}. Write one of: {', '.join(Status.values)}."]})
        if not statuses:
            return keyset.Merged([keyset.runs(queryset, job)])
        return keyset.Merged([keyset.runs(queryset, job, status) for status in dict.fromkeys(statuses)])

    def get_schema_operation_parameters(self, view: APIView) -> list[dict[str, Any]]:
        return [
            {
                "name": "job",
                "in": "query",
                "description": "Only this job's runs.",
                "schema": {"type": "string"},
            },
            {
                "name": "status",
                "in": "query",
                "description": "Only runs with this status. Repeat it for several.",
                "schema": {"type": "array", "items": {"type": "string", "enum": Status.values}},
                "explode": True,
            },
        ]


class RunList(ForOperators, ListAPIView[Run]):
    """The runs of all jobs, the latest first."""

    queryset = Run.objects.all()
    serializer_class = RunSerializer
    pagination_class = RunPages
    filter_backends = [JobAndStatus]


class RunDetail(ForOperators, RetrieveAPIView[Run]):
    """A run with its attempts."""

    queryset = Run.objects.prefetch_related(Prefetch("attempts", Attempt.objects.order_by("number")))
    serializer_class = RunWithAttemptsSerializer


class RunPin(ForActors):
    @described(
        description="Keep the run for ever, with its attempts, output and events.",
        request=PinSerializer,
        responses=RunWithAttemptsSerializer,
    )
    def put(self, request: Request, pk: int) -> Response:
        return self._change(pin, request, pk)

    @described(
        description="Leave the run to retention again. A body says why: `reason`.",
        responses={200: RunWithAttemptsSerializer},
    )
    def delete(self, request: Request, pk: int) -> Response:
        return self._change(unpin, request, pk)

    def _change(self, change: Callable[..., object], request: Request, pk: int) -> Response:
        wanted = PinSerializer(data=request.data)
        wanted.is_valid(raise_exception=True)
        try:
            change(self.actor, pk, reason=wanted.validated_data.get("reason", ""))
        except UnknownRun as error:
            raise NotFound(str(error)) from None
        except Refused as error:
            raise PermissionDenied(str(error)) from None
        return Response(RunWithAttemptsSerializer(RunDetail.queryset.get(pk=pk)).data)


class PlainText(BaseRenderer):
    """Bytes as they are, and errors as their sentence."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> bytes:
        return data if isinstance(data, bytes) else f"{_sentence(data)}\n".encode()


class AlwaysPlainText(BaseContentNegotiation):
    """Whatever the client accepts: output is text."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class Gone(APIException):
    """What was asked for has been deleted."""

    status_code = 410
    default_code = "gone"


class RunOutput(ForOperators):
    needs = Verb.OUTPUT
    renderer_classes = [PlainText]
    content_negotiation_class = AlwaysPlainText

    @described(
        description="What an attempt of a run wrote, byte for byte: stdout and stderr, in the order read. Gone "
        "(410) once retention has deleted it.",
        parameters=[
            OpenApiParameter("attempt", int, description="The attempt's number. Default: the latest."),
        ],
        responses={(200, "text/plain"): OpenApiTypes.STR},
    )
    def get(self, request: Request, pk: int) -> Response:
        try:
            return Response(b"".join(pieces(output_of(pk, _attempt_number(request)))))
        except (UnknownRun, UnknownAttempt) as error:
            raise NotFound(str(error)) from None
        except OutputDeleted as error:
            raise Gone(str(error)) from None


def _attempt_number(request: Request) -> int | None:
    text = request.query_params.get("attempt")
    if text is None:
        return None
    if not text.isdecimal() or len(text) > 9:
        raise ValidationError({"attempt": [f"attempt is {text!r}. Write a number such as 1."]})
    return int(text)


def _sentence(data: Any) -> str:
    """The first message of an error's JSON."""
    while isinstance(data, dict | list):
        data = next(iter(data.values())) if isinstance(data, dict) else data[0]
    return str(data)
