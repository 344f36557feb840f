"""What every HTTP request passes."""

import logging
from collections.abc import Callable
from typing import Any
from urllib.parse import unquote

from django.contrib.auth import get_user_model
from django.contrib.auth.models import AnonymousUser
from django.contrib.auth.signals import user_logged_in, user_login_failed
from django.contrib.auth.views import LoginView
from django.db import DataError, Error
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse
from django.urls import NoReverseMatch, reverse

from jobs import masking, problems
from jobs.access import app_service, failures
from jobs.access.requests import address_of
from jobs.accounts import NoAccount
from jobs.conf import conf
from jobs.ledger import migration_gate, sql

log = logging.getLogger(__name__)

# What `/api/health` answers.
ALIVE = {"status": "alive"}
# Not from the URLs: loading them is more than the probe asks for.
HEALTH = "/api/health"
API = "/api/v1/"
# What App Service's authentication lets through without a person.
PROGRAMS = "/api/"
# Seconds after which a client may come again.
RETRY_AFTER = "30"
TEXT = "text/plain; charset=utf-8"


class HealthProbeMiddleware:
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


class BadRequestMiddleware:
    """Answers 400 where a request holds what no value of the database can: a NUL, a number beyond all bounds.

    Forms and serializers refuse it themselves; a path, a filter or a search hands it on as it is.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        query, host = (request.META.get(name, "") for name in ("QUERY_STRING", "HTTP_HOST"))
        if "\0" in request.path_info or "\0" in unquote(query) or not _has_a_port(host):
            return self._refused(request)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponseBase | None:
        # So says Django of a value that is compared with an id, in a choice of rows of its admin.
        no_number = isinstance(exception, ValueError) and "expected a number but got" in str(exception)
        if not (no_number or isinstance(exception, DataError | OverflowError)):
            return None
        log.warning("refused a request: %s", masking.mask(str(exception).strip()[:200]))
        return self._refused(request)

    def _refused(self, request: HttpRequest) -> HttpResponse:
        return _sentence(request, 400, "A value of this request can't be one of ours.")


class MigrationGateMiddleware:
    """Answers 503 with a sentence while migrations are pending; only `/api/ready` answers then."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if request.path_info != _ready(request) and (why := _refusal()):
            return _refused(request, why)
        return self.get_response(request)

    def process_exception(self, request: HttpRequest, exception: Exception) -> HttpResponse | None:
        """A change that another session's lock was in the way of: the same may succeed a little later."""
        if not isinstance(exception, sql.Busy):
            return None
        log.warning("refused %s %s: %s", request.method, request.path_info, exception)
        return _refused(request, str(exception))


class SignInThrottleMiddleware:
    """Answers 429 where somebody tries too many passwords, for one account or from one address."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response
        # Any view that signs somebody in sends them, and any that refuses it.
        user_login_failed.connect(_count_failure, dispatch_uid="nightshift")
        user_logged_in.connect(_forget_failures, dispatch_uid="nightshift")

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Any, *_: Any) -> HttpResponse | None:
        if request.method != "POST" or not _signs_in(request, view):
            return None
        account = request.POST.get("username", "")
        try:
            failures.check(failures.counters(account=account, address=address_of(request)))
        except failures.TooManyFailures as why:
            after = {"Retry-After": str(round(why.wait.total_seconds()))}
            return _sentence(request, 429, str(why), after)
        return None


class AppServiceMiddleware:
    """With JOBS_TRUST_APP_SERVICE_AUTH, pages are asked for by whom App Service's authentication names.

    Not the API: App Service lets its paths through without signing anybody in, as programs come there with tokens.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        header = request.headers.get(app_service.PRINCIPAL)
        if header and conf.JOBS_TRUST_APP_SERVICE_AUTH and not request.path_info.startswith(PROGRAMS):
            try:
                user = app_service.user_of(app_service.person(header))
            except (app_service.NotSignedIn, app_service.NameTaken, NoAccount) as why:
                log.warning("refused %s %s: %s", request.method, request.path_info, why)
                return _sentence(request, 403, str(why))
            request.user = user if user.is_active else AnonymousUser()
        return self.get_response(request)


def _signs_in(request: HttpRequest, view: Any) -> bool:
    """Whether the view takes a name and a password: Django's own, one derived from it, or the admin's."""
    found = request.resolver_match
    if found and (found.app_name, found.url_name) == ("admin", "login"):
        return True
    return issubclass(getattr(view, "view_class", object), LoginView)


def _count_failure(credentials: dict[str, Any], request: HttpRequest | None = None, **_: Any) -> None:
    account = str(credentials.get("username") or credentials.get(get_user_model().USERNAME_FIELD) or "")
    failures.note(failures.counters(account=account, address=address_of(request) if request else ""))


def _forget_failures(user: Any, **_: Any) -> None:
    failures.forget(failures.counters(account=user.get_username()))


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    return _sentence(request, 503, why, {"Retry-After": RETRY_AFTER})


def _sentence(request: HttpRequest, status: int, why: str, headers: dict[str, str] | None = None) -> HttpResponse:
    """A sentence for people, or problem details for a program."""
    if request.path_info.startswith(API):
        return problems.response(status, why, headers=headers)
    return HttpResponse(f"{why}\n", status=status, headers=headers, content_type=TEXT)


def _has_a_port(host: str) -> bool:
    """Whether the port of a Host header, where it has one, is below 65536: URL parsers trip over others."""
    _, colon, port = host.rpartition(":")
    return not (colon and port.isdecimal()) or (len(port) <= 5 and int(port) < 65536)


def _ready(request: HttpRequest) -> str:
    """Where `/api/ready` is; empty in a project that serves it nowhere."""
    try:
        return reverse("nightshift_api:ready", getattr(request, "urlconf", None))
    except NoReverseMatch:
        return ""


def _refusal() -> str:
    try:
        return migration_gate.refusal()
    except sql.AWAY:
        return "The database can't be reached."
    except Error as error:  # a role without rights, above all
        log.error("refused a request: %s", masking.mask(str(error).strip()))
        return "The database doesn't say which migrations it has. The app's log has its error."
