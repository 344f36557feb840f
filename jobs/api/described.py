"""What a method of ours answers, for the API's schema, whatever schema class the project's settings name."""

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework import serializers

from jobs.problems import CONTENT_TYPE

# What any request may be answered, whoever sends it.
ALWAYS = (400, 401, 403, 404, 406, 429, 503)
MEANING = {
    400: "The request can't be read: `errors` says which parameter or field, and what to write.",
    401: "Nobody is signed in, or the token is unknown, expired or revoked.",
    403: "You may see it, and may not do this.",
    404: "It isn't there, or you may not see it.",
    406: "The answer is JSON, and the request accepts none.",
    409: "The state of the job or run is in the way, or a request with this idempotency key is still at work.",
    410: "Retention has deleted it.",
    413: "The request's body is longer than Django's DATA_UPLOAD_MAX_MEMORY_SIZE.",
    415: "The request's body is not JSON.",
    422: "It can be read, and the job, its command or the ledger doesn't take it.",
    429: "Too many requests: `Retry-After` says when to come again.",
    503: "The database, or a lock, is in the way: `Retry-After` says when to come again.",
}


class ProblemSerializer(serializers.Serializer[dict[str, Any]]):
    """Problem details, as RFC 9457 has them."""

    type = serializers.CharField(help_text="The kind of error for programs: urn:problem-type:nightshift:already-paused")
    title = serializers.CharField(help_text="The kind of error in words.")
    status = serializers.IntegerField(help_text="The HTTP status.")
    detail = serializers.CharField(help_text="What was found, and what to do next.")
    errors = serializers.DictField(  # type: ignore[assignment]
        child=serializers.ListField(child=serializers.CharField()),
        required=False,
        help_text="By field or parameter: what is wrong with it. `words.2` is the third of a list.",
    )


def described[F: Callable[..., Any]](
    *, responses: Any = None, problems: Collection[int] = (), always: Iterable[int] = ALWAYS, **description: Any
) -> Callable[[F], F]:
    """As `extend_schema`, which would derive from the project's DEFAULT_SCHEMA_CLASS: without one that is DRF's own,
    and `/api/v1/schema/` would fail. `problems` are the errors that it answers beside those of every request.
    """
    answers = {} if responses is None else dict(responses) if isinstance(responses, Mapping) else {200: responses}
    # Whoever reads a body can be sent one that is too long.
    longer = (413,) if 415 in problems else ()
    for status in (*always, *problems, *longer):
        answers[(status, CONTENT_TYPE)] = _problem(status)

    def describe(method: F) -> F:
        vars(method)["kwargs"] = {"schema": AutoSchema}  # where extend_schema looks first
        return extend_schema(responses=answers, **description)(method)

    return describe


def _problem(status: int) -> Any:
    return OpenApiResponse(ProblemSerializer, description=MEANING[status])
