"""Requests to the function app are for Nightshift's URLs; ROOT_URLCONF stays the project's, for its commands."""

from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase

from jobs.conf import conf


class OwnUrlsMiddleware:
    """Gives each request the URLs of JOBS_URLCONF."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        request.urlconf = conf.JOBS_URLCONF
        return self.get_response(request)
