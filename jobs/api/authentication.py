"""Who calls the API: a browser by its session, a program by its token."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, Throttled
from rest_framework.request import Request

from jobs.access import app_service, entra, failures, tokens
from jobs.access.requests import address_of
from jobs.accounts import NoAccount
from jobs.models import ServiceAccount

REALM = 'Bearer realm="Nightshift"'
NOT_IN_FORCE = (
    "This token is unknown, revoked or expired. `manage.py token list` lists those that there are, and "
    "`manage.py token create` makes one."
)


NOT_ACTIVE = "This account is not active. An administrator can activate it in the admin."


class Unavailable(APIException):
    """What is needed to answer is away."""

    status_code = 503
    default_code = "unavailable"


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer nsk_…`, or a token of Entra ID where the settings say so.

    It stands first, so that what nobody signed is answered by 401 and its header.
    """

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, text = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        text = text.strip()
        if entra.is_asked_for() and not text.startswith(tokens.PREFIX):
            return _by_entra(text)
        token = tokens.find(text)
        if token is None:
            raise _failed(text, address_of(request))
        tokens.note_use(token, address_of(request))
        return token.user or AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        return REALM


def _by_entra(text: str) -> tuple[Any, Any]:
    try:
        holder = entra.holder(text)
    except entra.KeysAway as why:
        raise Unavailable(str(why)) from None
    except (entra.Untrusted, app_service.NameTaken, NoAccount) as why:
        raise AuthenticationFailed(str(why)) from None
    if isinstance(holder, ServiceAccount):
        return AnonymousUser(), holder
    if not holder.is_active:
        raise AuthenticationFailed(NOT_ACTIVE)
    return holder, None


def _failed(text: str, address: str) -> APIException:
    """Why a token isn't taken. One that can't be ours costs no look into the database, and isn't counted."""
    if tokens.is_well_formed(text):
        counters = failures.counters(address=address)
        try:
            failures.check(counters)
        except failures.TooManyFailures as why:
            return Throttled(why.wait.total_seconds(), str(why))
        failures.note(counters)
    return AuthenticationFailed(NOT_IN_FORCE)


AUTHENTICATION: list[type[BaseAuthentication]] = [BearerAuthentication, SessionAuthentication]


class BearerScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = BearerAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, Any]:
        return {"type": "http", "scheme": "bearer", "description": "A token (`nsk_…`), or one of Entra ID."}
