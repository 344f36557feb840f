"""Problem details (RFC 9457): an error of the API, as programs read it and people understand it."""

import json
import re
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

from django.http import HttpResponse

CONTENT_TYPE = "application/problem+json"
# What `type` begins with; the rest names the kind of error, so that a program need not read the sentence.
NAMESPACE = "urn:problem-type:nightshift:"


def response(
    status: int,
    detail: str,
    kind: str = "",
    *,
    errors: Mapping[str, Sequence[str]] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpResponse:
    """An answer with the status. `detail` says what was found and what to do next; `errors` has sentences by field.

    `kind` is a name such as AlreadyPaused; without one the status says all.
    """
    body: dict[str, Any] = {
        "type": NAMESPACE + _words(kind).replace(" ", "-") if kind else "about:blank",
        "title": _words(kind).capitalize() if kind else HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
    }
    if errors:
        body["errors"] = errors
    return HttpResponse(json.dumps(body), status=status, content_type=CONTENT_TYPE, headers=dict(headers or {}))


def _words(kind: str) -> str:
    """AlreadyPaused: already paused."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", kind).lower()
