"""Signing in with a name and a password, signing out, and what a person chooses about the pages."""

from typing import Any
from urllib.parse import urlsplit

from django.contrib.auth.views import LoginView, LogoutView
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import reverse
from django.views.decorators.csrf import csrf_protect

from jobs.conf import conf
from jobs.dashboard import preferences
from jobs.dashboard.actor import actor_of
from jobs.dashboard.pages import HEADERS, next_of, problem, show


class SignIn(LoginView):
    """Django's own view with our page."""

    redirect_authenticated_user = True

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not hasattr(request, "session"):
            sentence = "Nobody can sign in here: the project's settings lack Django's sessions."
            return problem(request, actor_of(request), 501, "No way in", sentence)
        return super().dispatch(request, *args, **kwargs)

    def get_default_redirect_url(self) -> str:
        return reverse("nightshift:overview")

    def render_to_response(self, context: dict[str, Any], **kwargs: Any) -> Any:
        found = {"form": context["form"], "next": self.get_redirect_url(), "issuer": _issuer()}
        return show(self.request, actor_of(self.request), "sign_in.html", found)


def _issuer() -> str | None:
    """The host's name, as people know it."""
    return urlsplit(conf.JOBS_OIDC_ISSUER).hostname


class SignOut(LogoutView):
    def get_success_url(self) -> str:
        return reverse("nightshift:sign_in")


@csrf_protect
def choose(request: HttpRequest) -> HttpResponse:
    """Keep what the form says of the theme, the refreshing, the times and the keys. Needs no account."""
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    response = HttpResponseRedirect(next_of(request), headers=HEADERS)
    for name, values in preferences.CHOICES.items():
        if (value := request.POST.get(name)) in values:
            preferences.keep(response, name, value or "", secure=request.is_secure())
    return response
