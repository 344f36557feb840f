"""What every HTTP request passes."""

import logging
from collections.abc import Callable

from django.db import Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import NoReverseMatch, reverse

from jobs import masking, migrated, sql

log = logging.getLogger(__name__)

# What `/api/health` answers.
ALIVE = {"status": "alive"}
# Not from the URLs: loading them is more than the probe asks for.
HEALTH = "/api/health"
# Seconds after which a client may come again.
RETRY_AFTER = "30"


class AnswerTheProbe:
    """Answers `/api/health`, before anything that could be in its way. It has to stand first in MIDDLEWARE.

    Azure probes an instance by its own address, over plain HTTP: a host that is in no ALLOWED_HOSTS, and no TLS. An
    instance that answers with anything but 200 is taken out, with its runs.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info == HEALTH and request.method in {"GET", "HEAD"}:
            return JsonResponse(ALIVE)
        return self.get_response(request)


class RefuseUntilMigrated:
    """Answers 503 with a sentence while migrations are pending; only `/api/ready` answers then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info != _ready() and (why := _refusal()):
            return HttpResponse(
                f"{why}\n", status=503, headers={"Retry-After": RETRY_AFTER}, content_type="text/plain; charset=utf-8"
            )
        return self.get_response(request)


def _ready() -> str:
    """Where `/api/ready` is; empty in a project that serves it nowhere."""
    try:
        return reverse("nightshift_api:ready")
    except NoReverseMatch:
        return ""


def _refusal() -> str:
    try:
        return migrated.refusal()
    except sql.AWAY:
        return "The database can't be reached."
    except Error as error:  # a role without rights, above all
        log.error("refused a request: %s", masking.mask(str(error).strip()))
        return "The database doesn't tell which migrations it has. The app's log has its error."
