"""The one-time link by which a developer signs in to the local site. Only the host that gave the link takes it."""

import secrets
import time
from datetime import timedelta
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model, login
from django.db import IntegrityError, models
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.views.decorators.http import require_safe

from jobs import accounts

MINUTES = 10
NAME = "operator"


class _Link(NamedTuple):
    user: Any
    expires: float


# By token. It lies in this process alone, and ends with it.
_unused: dict[str, _Link] = {}


def link() -> str:
    """The path of a link for the operator, whose account is created if there is no superuser yet.

    Raises NoAccount where it can't be made, and NoWayIn where nobody could sign in by the link.
    """
    operator = accounts.superuser() or accounts.named(_name()) or _make_operator()
    accounts.backend_of(operator)
    token = secrets.token_urlsafe(32)
    _unused[token] = _Link(operator.pk, time.monotonic() + timedelta(minutes=MINUTES).total_seconds())
    return f"/sign-in/{token}/"


@require_safe
def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in with a link's token. HEAD only looks: chats and mail programs do so before a person clicks."""
    found = _unused.get(token)
    user = found and get_user_model()._default_manager.filter(pk=found.user).first()
    if found is None or found.expires < time.monotonic() or user is None or not user.is_active:
        return _refused("This link was used, is too old, or is another host's. Start the host again for a new one.")
    try:
        backend = accounts.backend_of(user)
    except accounts.NoWayIn as why:
        return _refused(str(why))
    if request.method == "HEAD":
        return HttpResponse()
    # Of two requests with it, one takes it out.
    if _unused.pop(token, None) is None:
        return _refused("This link was used. Start the host again for a new one.")
    login(request, user, backend=backend)
    return redirect("nightshift:overview")


def _refused(why: str) -> HttpResponse:
    return HttpResponseForbidden(why)


def _make_operator() -> Any:
    # Without a password: this link is the way in, until the operator sets one.
    try:
        return accounts.make_superuser(_name(), None, accounts.placeholder)
    except IntegrityError:
        # Another host that starts at the same moment has made it.
        if found := accounts.named(_name()):
            return found
        raise


def _name() -> str:
    """What the account signs in by."""
    model = get_user_model()
    field = model._meta.get_field(model.USERNAME_FIELD)
    return f"{NAME}@localhost" if isinstance(field, models.EmailField) else NAME
