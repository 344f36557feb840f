"""GET /api/v1/runs/<id>/output/, and the same piece by piece while the run writes it."""

from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework import serializers
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.fields import Number
from jobs.api.fields import Request as Asked
from jobs.choices import Status, Verb
from jobs.reading.output.pieces import read_after, read_before
from jobs.reading.output.window import LEAST, LIMIT, MOST
from jobs.reading.seen import run_of
from jobs.reading.transcript import output_of, pieces


class PlainText(BaseRenderer):
    """Bytes as they are."""

    media_type = "text/plain"
    format = "txt"
    charset = "utf-8"

    def render(self, data: Any, accepted_media_type: str | None = None, renderer_context: Any = None) -> Any:
        return data


class AlwaysPlainText(BaseContentNegotiation):
    """Whatever the client accepts: output is text."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        return parsers[0]

    def select_renderer(self, request: Request, renderers: Any, format_suffix: str | None = None) -> Any:
        return renderers[0], renderers[0].media_type


class OutputQuery(Asked):
    attempt = Number(
        min_value=1, max_value=999_999_999, required=False, help_text="The attempt's number. Default: the latest."
    )


class PiecesQuery(Asked):
    after = serializers.CharField(
        max_length=40, required=False, help_text="The `next` of an answer. Default: from the first attempt on."
    )
    before = serializers.CharField(
        max_length=40, required=False, help_text="The `before` of an answer: what comes before that, of its attempt."
    )
    tail = Number(
        min_value=LEAST, max_value=MOST, required=False, help_text="Begin so many bytes before the end, with a line."
    )
    limit = Number(min_value=LEAST, max_value=MOST, default=LIMIT, help_text="How many bytes at most.")

    def validate(self, attrs: Any) -> Any:
        if len({"after", "before", "tail"} & set(attrs)) > 1:
            raise serializers.ValidationError("Write one of after, before and tail.")
        return attrs


class PiecesSerializer(serializers.Serializer[Any]):
    attempt = serializers.IntegerField(help_text="Which attempt wrote it; 0 where none has started.")
    text = serializers.CharField(help_text="What it wrote. Bytes that are not UTF-8 are shown as �.")
    stderr = serializers.ListField(
        child=serializers.ListField(child=serializers.IntegerField()),
        help_text="Where in the text stderr stands: start and end, in characters.",
    )
    line = serializers.IntegerField(
        allow_null=True, help_text="The number of the line in which the text begins, from 1; null if it isn't known."
    )
    before = serializers.CharField(
        allow_null=True, help_text="Where earlier text of the attempt ends; null at its beginning."
    )
    next = serializers.CharField(help_text="Where the text that follows begins: pass it on as `after`.")
    again = serializers.CharField(
        help_text="Where the last line begins, if it isn't finished: read from there to show it whole."
    )
    complete = serializers.BooleanField(help_text="Whether the run has ended, and nothing follows.")
    retry_after = serializers.IntegerField(
        allow_null=True, help_text="After how many seconds to ask again; null once it is complete."
    )
    status = serializers.ChoiceField(choices=Status.choices, help_text="The run's.")
    notes = serializers.ListField(child=serializers.CharField(), help_text="What was dropped or deleted, in sentences.")


class RunOutput(ForActors):
    renderer_classes = [PlainText]
    content_negotiation_class = AlwaysPlainText
    query = OutputQuery

    @described(
        operation_id="runs_output",
        tags=["runs"],
        description="What an attempt of a run wrote, byte for byte: stdout and stderr, in the order read. Gone "
        "(410) once retention has deleted it.",
        parameters=[OutputQuery],
        responses={(200, "text/plain"): OpenApiTypes.STR},
        problems=(410,),
    )
    def get(self, request: Request, pk: int) -> Response:
        query = OutputQuery.read(request.query_params)
        run_of(self.actor, pk, Verb.OUTPUT)
        return Response(b"".join(pieces(output_of(pk, query.get("attempt")))))


class RunOutputPieces(ForActors):
    query = PiecesQuery

    @described(
        operation_id="runs_output_pieces",
        tags=["runs"],
        description="What a run writes, in pieces, while it writes it: read on from `next` after `retry_after` "
        "seconds, until `complete`. After all of an attempt comes the next one.",
        parameters=[PiecesQuery],
        responses=PiecesSerializer,
    )
    def get(self, request: Request, pk: int) -> Response:
        query = PiecesQuery.read(request.query_params)
        run_of(self.actor, pk, Verb.OUTPUT)
        if before := query.get("before"):
            found = read_before(pk, before, limit=query["limit"])
        else:
            found = read_after(pk, query.get("after"), tail=query.get("tail"), limit=query["limit"])
        headers = {} if found.retry_after is None else {"Retry-After": str(found.retry_after)}
        return Response(
            {
                "attempt": found.attempt,
                "text": found.text,
                "stderr": found.stderr,
                "line": found.line,
                "before": found.before and str(found.before),
                "next": str(found.next),
                "again": str(found.again),
                "complete": found.complete,
                "retry_after": found.retry_after,
                "status": found.run.status,
                "notes": found.notes,
            },
            headers=headers,
        )
