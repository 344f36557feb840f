"""Requests to the function app are for Nightshift's URLs; ROOT_URLCONF stays the project's, for its commands."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

URLCONF = "jobs.beside.urls"


class OwnUrlsMiddleware:
    """Gives each request the URLs that are served here."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = URLCONF
        return self.get_response(request)
