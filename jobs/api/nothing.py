"""What answers where the API has nothing: as the rest does, and without a redirect that loses a request's body."""

from typing import Any, NoReturn

from django.urls import Resolver404, resolve
from rest_framework.exceptions import NotFound
from rest_framework.request import Request

from jobs.api.access import ForAnybody


class Nothing(ForAnybody):
    schema = None

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> NoReturn:
        # Before the method is looked at: where there is nothing, none is allowed.
        raise NotFound(_sentence(request.path_info, getattr(request, "urlconf", None)))


def _sentence(path: str, urlconf: Any) -> str:
    other = path.removesuffix("/") if path.endswith("/") else f"{path}/"
    try:
        is_near = resolve(other, urlconf).url_name != "nothing"
    except Resolver404:
        is_near = False
    there = f"Did you mean {other}?" if is_near else "/api/v1/schema/ lists what is there."
    return f"There is nothing at {path}. {there}"
