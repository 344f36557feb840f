"""Signing in at an issuer of OpenID Connect: there, and back again."""

from typing import Any

from django.contrib.auth import login
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.http import require_safe

from jobs import accounts
from jobs.conf import conf
from jobs.dashboard.actor import actor_of
from jobs.dashboard.pages import problem
from jobs.sentences import Sentence

# Seconds after which somebody signs in again, and has the groups that they have there by then.
SIGNED_IN = 12 * 3600


class NotInstalled(Sentence):
    """The package mozilla-django-oidc isn't installed. Add the extra: pip install 'django-nightshift[openid]'."""


@require_safe
def begin(request: HttpRequest) -> HttpResponseBase:
    """Lead a person to the issuer."""
    try:
        openid = _openid()
        from mozilla_django_oidc.views import OIDCAuthenticationRequestView

        class Begin(OIDCAuthenticationRequestView):  # type: ignore[misc]
            get_settings = staticmethod(openid.setting)

        answer: HttpResponseBase = Begin.as_view()(request)
    except Sentence as why:
        return _refused(request, str(why))
    return answer


@require_safe
def back(request: HttpRequest) -> HttpResponse:
    """The issuer has led a person back here, with a code by which it says who that is."""
    try:
        openid = _openid()
        begun = request.session.get("oidc_states", {}).pop(request.GET.get("state", ""), None)
        request.session.modified = True
        if begun is None:
            return _refused(request, "This sign-in wasn't begun here, or is over already. Begin again.")
        if "code" not in request.GET:
            return _refused(request, f"The issuer refused it: {request.GET.get('error', 'it sent no code')[:100]}.")
        user = openid.Backend().find(request, begun["nonce"], begun["code_verifier"])
        if user is None or not user.is_active:
            return _refused(request, "This account is disabled.")
        following = request.session.get("oidc_login_next")
        login(request, user, backend=accounts.backend_of(user))
    except (Sentence, accounts.NoAccount) as why:
        return _refused(request, str(why))
    request.session.set_expiry(SIGNED_IN)
    return HttpResponseRedirect(following or reverse("nightshift:overview"))


def _openid() -> Any:
    """Raises Http404 where no issuer is set."""
    if not conf.JOBS_OIDC_ISSUER:
        raise Http404
    try:
        from jobs.access import openid
    except ImportError as error:
        if error.name not in {"mozilla_django_oidc", "jwt", "requests"}:
            raise
        raise NotInstalled from None
    return openid


def _refused(request: HttpRequest, why: str) -> HttpResponse:
    return problem(request, actor_of(request), 403, "Not signed in", why)
