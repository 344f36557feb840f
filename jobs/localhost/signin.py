"""The one-time link by which a developer signs in to the local site. Only the host that gave the link takes it."""

import secrets
from datetime import timedelta

from django.contrib.auth import get_user_model, login
from django.core import signing
from django.http import HttpRequest, HttpResponse, HttpResponseForbidden
from django.shortcuts import redirect
from django.utils import timezone

MINUTES = 10
NAME = "operator"
# A local SECRET_KEY may be the one that everybody can read in settings.py. This one ends with the process, and a
# process that isn't a local host has given no link.
KEY = secrets.token_urlsafe(32)
SALT = "jobs.localhost.signin"


def link() -> str:
    """The path of a link for the operator, whose account is made where there is no superuser yet."""
    users = get_user_model()._default_manager
    operator = users.filter(is_superuser=True, is_active=True).order_by("pk").first()
    if operator is None:
        # Without a password: this link is the way in, until the operator sets one.
        operator = users.create_superuser(NAME)
    last_login = operator.last_login.isoformat() if operator.last_login else None
    token = signing.dumps([operator.pk, last_login], key=KEY, salt=SALT)
    return f"/sign-in/{token}/"


def sign_in(request: HttpRequest, token: str) -> HttpResponse:
    """Sign in with a link's token."""
    try:
        pk, last_login = signing.loads(token, key=KEY, salt=SALT, max_age=timedelta(minutes=MINUTES))
    except signing.BadSignature:
        return _refused()
    # The link is for someone who hasn't signed in since: of two requests with it, one changes the row.
    users = get_user_model()._default_manager
    if not users.filter(pk=pk, last_login=last_login, is_active=True).update(last_login=timezone.now()):
        return _refused()
    login(request, users.get(pk=pk), backend="django.contrib.auth.backends.ModelBackend")
    return redirect("admin:index")


def _refused() -> HttpResponse:
    return HttpResponseForbidden(
        "This link was used, is too old, or is another host's. Start the host again for a new one."
    )
