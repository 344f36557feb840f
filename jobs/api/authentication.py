"""Who calls the API: a browser by its session, a program by its token."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.exceptions import APIException, AuthenticationFailed, Throttled
from rest_framework.request import Request

from jobs.access import failures, tokens
from jobs.access.requests import address_of

REALM = 'Bearer realm="Nightshift"'
NOT_IN_FORCE = (
    "This token is unknown, revoked or expired. `manage.py token list` lists those that there are, and "
    "`manage.py token create` makes one."
)


class BearerAuthentication(BaseAuthentication):
    """`Authorization: Bearer nsk_…`. It stands first, so that what nobody signed is answered by 401 and its header."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme, _, text = request.headers.get("Authorization", "").strip().partition(" ")
        if scheme.lower() != "bearer":
            return None
        token = tokens.find(text.strip())
        if token is None:
            raise _failed(text, address_of(request))
        tokens.note_use(token, address_of(request))
        return token.user or AnonymousUser(), token

    def authenticate_header(self, request: Request) -> str:
        return REALM


def _failed(text: str, address: str) -> APIException:
    """Why a token isn't taken. One that can't be ours costs no look into the database, and isn't counted."""
    if tokens.is_well_formed(text.strip()):
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
        return {"type": "http", "scheme": "bearer", "description": "A token (`nsk_…`)."}
