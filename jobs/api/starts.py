"""POST /api/v1/jobs/<name>/runs/ and /api/v1/runs/<id>/retry/: start a job, and ask for an ended run once more."""

import re
from collections.abc import Callable, Iterable
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.urls import reverse
from drf_spectacular.utils import OpenApiParameter, OpenApiResponse
from rest_framework import serializers
from rest_framework.exceptions import ValidationError
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.access.actor import Actor
from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.examples import FAILED, RUN, answer, body
from jobs.api.fields import ArgumentsField, ConfirmField
from jobs.api.fields import Request as Asked
from jobs.api.runs import WaitQuery, waited
from jobs.api.seen import declared
from jobs.api.serializers import RunWithAttemptsSerializer
from jobs.choices import Verb
from jobs.declarations.parameters import InvalidArguments, Parameters, UnwritableValue, describe, fields_of
from jobs.declarations.parameters import words as words_of
from jobs.ledger import run_labels
from jobs.ledger.idempotency import Key
from jobs.models import Run
from jobs.models.preset import LONGEST_PRESET_NAME
from jobs.verbs.preset import preset_words
from jobs.verbs.retry import retry
from jobs.verbs.start import once, start

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


class TermsSerializer(Asked):
    words = ArgumentsField(
        help_text="The arguments, as on the command line. Default: as declared, or as an override has them.",
    )
    locals()["fields"] = serializers.DictField(
        required=False,
        help_text="In place of words, the values of the job's `parameters`, by their names: all that the command is to "
        "get, also what is declared. Secrets are passed on and never given back.",
    )
    confirm = ConfirmField()

    def validate(self, attrs: Any) -> Any:
        if "words" in attrs and "fields" in attrs:
            raise ValidationError({"fields": ["Write either words or fields."]})
        return attrs


class StartSerializer(TermsSerializer):
    not_before = serializers.DateTimeField(required=False, help_text="It doesn't start earlier. Default: at once.")
    labels = serializers.ListField(
        child=serializers.CharField(max_length=63),
        default=list,
        max_length=run_labels.MOST,
        help_text="To find the run by: a ticket, a customer, a reason, such as `ticket/4711`.",
    )
    despite_hold = serializers.BooleanField(default=False, help_text="Start it also while everything is held.")
    preset = serializers.CharField(
        required=False,
        max_length=LONGEST_PRESET_NAME,
        help_text="The name of a preset, whose arguments the run gets; `words` follow them, such as secrets.",
    )

    def validate(self, attrs: Any) -> Any:
        if "preset" in attrs and "fields" in attrs:
            raise ValidationError({"fields": ["Write either fields or a preset."]})
        return super().validate(attrs)

    def validate_not_before(self, moment: datetime) -> datetime:
        if moment > datetime.now(UTC) + FARTHEST:
            raise ValidationError("not_before is more than a year ahead. Declare a schedule for what is so far away.")
        return moment


KEY_PARAMETER = OpenApiParameter(
    "Idempotency-Key",
    str,
    OpenApiParameter.HEADER,
    description="Up to 255 printable letters that name this request, such as a UUID.",
)
ANSWERS = {
    200: OpenApiResponse(RunWithAttemptsSerializer, description="An earlier request with this key started it."),
    201: RunWithAttemptsSerializer,
}
ONCE = (
    "A request that is repeated with its `Idempotency-Key`, unchanged and within seven days, starts nothing again: it "
    "is answered by 200 and the run."
)


class JobStart(ForActors):
    @described(
        operation_id="jobs_start",
        tags=["jobs"],
        description="Start the job now, or at a later moment. The command's own parser judges the words. The run comes "
        f"back `queued`, or `skipped` where the job's overlap policy says so. {ONCE}",
        request=StartSerializer,
        parameters=[WaitQuery, KEY_PARAMETER, LOCATION, REPLAYED],
        responses=ANSWERS,
        problems=(409, 415, 422),
        examples=[
            body("as declared", {}),
            body("by fields", {"fields": {"days": 7}}),
            body("with other words", {"words": ["--days", "7"], "labels": ["ticket/4711"]}),
            body("with a preset", {"preset": "month end"}),
            answer("queued", RUN, 201),
        ],
    )
    def post(self, request: Request, name: str) -> Response:
        asked = StartSerializer.read(request.data)
        terms = {each: asked[each] for each in ("confirm", "labels", "despite_hold")}

        def begin(words: list[str] | None, key: Key | None) -> Run:
            if "preset" in asked:
                words = preset_words(self.actor, name, asked["preset"], words or ())
            return start(self.actor, name, words, not_before=asked.get("not_before"), key=key, **terms)

        return started(self.actor, request, name, asked, begin)


class RunRetry(ForActors):
    @described(
        operation_id="runs_retry",
        tags=["runs"],
        description="Ask for an ended run once more: with its words, or with others. The new run has its labels, and "
        f"`retry_of`; it is for no occurrence. {ONCE}",
        request=TermsSerializer,
        parameters=[WaitQuery, KEY_PARAMETER, LOCATION, REPLAYED],
        responses=ANSWERS,
        problems=(409, 415, 422),
        examples=[
            body("with its words", {}),
            body("with other words", {"words": ["--days", "7"]}),
            answer("queued", RUN | {"labels": [], "retry_of": FAILED["id"]}, 201),
        ],
    )
    def post(self, request: Request, pk: int) -> Response:
        asked = TermsSerializer.read(request.data)
        job = Run.objects.filter(pk=pk).values_list("job", flat=True).first() or ""

        def begin(words: list[str] | None, key: Key | None) -> Run:
            return retry(self.actor, pk, words, confirm=asked["confirm"], key=key)

        return started(self.actor, request, job, {"retry_of": pk, **asked}, begin)


def started(
    actor: Actor,
    request: Request,
    job: str,
    asked: dict[str, Any],
    begin: Callable[[list[str] | None, Key | None], Run],
) -> Response:
    """The answer with the run that `begin` starts: by these words, with this key. For a known key its run."""
    seconds, key = WaitQuery.read(request.query_params)["wait"], _key(request, actor.name, {"job": job, **asked})
    words, values, parameters = asked.get("words"), asked.get("fields"), None
    # Where it may not, the verb refuses, and leaves an event. A run that isn't there has no job.
    if job and actor.may(Verb.RUN, job):
        found = declared(actor, job)
        if values is not None:
            parameters = describe(found.command, found.secrets)
            words = _words(parameters, values)
    try:
        run, replayed = once(actor, key, partial(begin, words))
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
