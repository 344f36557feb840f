"""What every HTTP request passes."""

from collections.abc import Callable

from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from jobs import migrated

# Seconds after which a client may come again.
RETRY_AFTER = "30"


class RefuseUntilMigrated:
    """Answers 503 with a sentence while migrations are pending; only `/api/health` and `/api/ready` answer then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info not in {reverse("api:health"), reverse("api:ready")} and (why := _refusal()):
            return HttpResponse(
                f"{why}\n", status=503, headers={"Retry-After": RETRY_AFTER}, content_type="text/plain; charset=utf-8"
            )
        return self.get_response(request)


def _refusal() -> str:
    try:
        return migrated.refusal()
    except (OperationalError, InterfaceError):
        return "The database can't be reached."
