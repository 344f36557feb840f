"""POST /api/v1/jobs/<name>/runs/: start a job."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiExample, OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.fields import Request as Asked
from jobs.api.runs import WaitQuery, waited
from jobs.api.seen import declared
from jobs.api.serializers import RunWithAttemptsSerializer
from jobs.choices import Verb
from jobs.declarations.parameters import InvalidArguments, Parameters, UnwritableValue, describe, fields_of
from jobs.declarations.parameters import words as words_of
from jobs.ledger.idempotency import Key
from jobs.verbs.start import start_once

# As the draft has it: a string in quotes; without them it is taken too.
KEY = re.compile(r'"([\x21\x23-\x7e]{1,255})"|([\x21\x23-\x7e]{1,255})')
FARTHEST = timedelta(days=366)
REPLAYED = OpenApiParameter(
    "Idempotent-Replayed",
    str,
    OpenApiParameter.HEADER,
    response=[200],
    description="`true`: an earlier request with this key started the run.",
)
LOCATION = OpenApiParameter(
    "Location", str, OpenApiParameter.HEADER, response=[200, 201], description="The run's address."
)


class StartSerializer(Asked):
    words = serializers.ListField(
        child=serializers.CharField(allow_blank=True, trim_whitespace=False, max_length=100_000),
        required=False,
        help_text="The arguments, as on the command line. Default: as declared, or as an override has them.",
    )
    locals()["fields"] = serializers.DictField(
        required=False,
        help_text="In place of words, the values of the job's `parameters`, by their names: all that the command is to "
        "get, also what is declared. Secrets are passed on and never given back.",
    )
    not_before = serializers.DateTimeField(required=False, help_text="It doesn't start earlier. Default: at once.")
    confirm = serializers.CharField(
        required=False,
        default="",
        allow_blank=True,
        max_length=200,
        help_text="The word of confirmation, for a job that declares one: `confirm_needed`.",
    )

    def validate(self, attrs: Any) -> Any:
        if "words" in attrs and "fields" in attrs:
            raise ValidationError({"fields": ["Write either words or fields."]})
        return attrs

    def validate_not_before(self, moment: datetime) -> datetime:
        if moment > datetime.now(UTC) + FARTHEST:
            raise ValidationError("not_before is more than a year ahead. Declare a schedule for what is so far away.")
        return moment


class JobStart(ForActors):
    @described(
        operation_id="jobs_start",
        tags=["jobs"],
        description="Start the job now, or at a later moment. The command's own parser judges the words. The run comes "
        "back `queued`, or `skipped` where the job's overlap policy says so. A request that is repeated with its "
        "`Idempotency-Key`, unchanged and within seven days, starts nothing again: it is answered by 200 and the run.",
        request=StartSerializer,
        parameters=[
            WaitQuery,
            OpenApiParameter(
                "Idempotency-Key",
                str,
                OpenApiParameter.HEADER,
                description="Up to 255 printable letters that name this request, such as a UUID.",
            ),
            LOCATION,
            REPLAYED,
        ],
        responses={
            200: OpenApiResponse(RunWithAttemptsSerializer, description="An earlier request with this key started it."),
            201: RunWithAttemptsSerializer,
        },
        problems=(409, 415, 422),
        examples=[
            OpenApiExample("as declared", value={}, request_only=True),
            OpenApiExample("by fields", value={"fields": {"days": 7}}, request_only=True),
            OpenApiExample("with other words", value={"words": ["--days", "7"]}, request_only=True),
        ],
    )
    def post(self, request: Request, name: str) -> Response:
        asked, seconds = StartSerializer.read(request.data), WaitQuery.read(request.query_params)["wait"]
        key = _key(request, self.actor.name, {"job": name, **asked})
        words, values, moment = asked.get("words"), asked.get("fields"), asked.get("not_before")
        parameters = None
        # Where it may not, the verb refuses, and leaves an event.
        if self.actor.may(Verb.RUN, name):
            job = declared(self.actor, name)
            if values is not None:
                parameters = describe(job.command, job.secrets)
                words = _words(parameters, values)
        try:
            run, replayed = start_once(self.actor, key, name, words, not_before=moment, confirm=asked["confirm"])
        except InvalidArguments as error:
            if parameters is None:
                raise
            raise Unfit(str(error), fields_of(str(error), parameters, values)) from None
        headers = {"Location": request.build_absolute_uri(reverse("nightshift_api:run", args=[run.pk]))}
        if replayed:
            headers["Idempotent-Replayed"] = "true"
        return waited(run, seconds, 200 if replayed else 201, headers)


class Unfit(InvalidArguments):
    """The command's parser refused the values of these fields; the sentence is the parser's."""

    def __init__(self, sentence: str, fields: Iterable[str]) -> None:
        super().__init__(sentence)
        self.at_fields = {f"fields.{field}": [sentence] for field in fields}


def _words(parameters: Parameters, values: dict[str, Any]) -> list[str]:
    try:
        return words_of(parameters, values)
    except UnwritableValue as error:
        raise Unfit(str(error), [error.field]) from None


def _key(request: Request, owner: str, asked: dict[str, Any]) -> Key | None:
    text = request.headers.get("Idempotency-Key")
    if text is None:
        return None
    found = KEY.fullmatch(text.strip())
    if not found:
        raise ValidationError({"Idempotency-Key": ["Write 1 to 255 printable letters without spaces, such as a UUID."]})
    return Key.of(owner, found[1] or found[2], asked)
