"""Django behind one anonymous catch-all function.

`func.WsgiFunctionApp` would turn each 5xx into a failed invocation without a body
(docs/reference/azure.md, "The Python worker").
"""

import re
from collections.abc import Iterable, Mapping
from functools import cache
from ipaddress import ip_address
from typing import Any
from urllib.parse import urlsplit

import azure.functions as func

from jobs.azure import idle

METHODS = tuple(method for method in func.HttpMethod if method.value != "QUERY")  # no Django view takes it


# Where more than one proxy stood before us, each has added a value. A client may send them too: only the last is the
# platform's own.
FORWARDED = {"x-forwarded-for", "x-forwarded-host", "x-forwarded-port", "x-forwarded-proto"}
PORT = re.compile(r"[0-9]{1,5}")


def sound(req: func.HttpRequest) -> func.HttpRequest:
    """The request without what would break the library, and without what a client could forge."""
    return func.HttpRequest(
        method=req.method,
        url=_url(req.url),
        headers=_headers(req.headers),
        params=req.params,
        route_params=req.route_params,
        body=req.get_body(),
    )


def _url(url: str) -> str:
    """The library reads the port from the URL, which contains the Host header. Django checks that header itself."""
    scheme, _, rest = url.partition("://")
    path = re.search(r"[/?#]|$", rest)
    assert path
    try:
        urlsplit(url).port  # noqa: B018 — it raises where the port is none, or the brackets of an address are lacking
    except ValueError:
        return f"{scheme}://localhost{rest[path.start() :]}"
    return url


def _headers(headers: Mapping[str, str]) -> dict[str, str]:
    """WSGI can't distinguish X_Forwarded_Proto from X-Forwarded-Proto, and in the library the later one wins."""
    found = {
        name: value.rpartition(",")[2].strip() if name.lower() in FORWARDED else value
        for name, value in headers.items()
        if "_" not in name
    }
    return {name: value for name, value in found.items() if name.lower() != "x-forwarded-port" or PORT.fullmatch(value)}


def client_of(forwarded: str) -> str:
    """The client's address, without the port that Azure's front end adds; "" where it is no address.

    Only this door may believe that header: `sound` has left of it what the front end itself has added.
    """
    address, colon, port = forwarded.rpartition(":")
    with_a_port = colon and port.isdecimal() and (":" not in address or address.endswith("]"))
    try:
        return str(ip_address((address if with_a_port else forwarded).strip("[]")))
    except ValueError:
        return ""


class PassingMiddleware(func.WsgiMiddleware):
    """Hands every answer of Django's on as it is, errors included."""

    def _handle_errors(self, *_: Any) -> None:
        """The base class raises here for a 5xx, and for what was written to the error stream."""
        self._wsgi_error_buffer.seek(0)
        self._wsgi_error_buffer.truncate()


@cache
def middleware() -> PassingMiddleware:
    """Django's handler, with all that the URLs import: built at the first request, which the start needn't wait for."""
    from django.core.wsgi import get_wsgi_application

    django = get_wsgi_application()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # The library has decoded the path once; WSGI needs its bytes, as latin-1.
        environ["PATH_INFO"] = environ["PATH_INFO"].encode("latin-1").decode()
        # The library sets none, as it has no connection to the client.
        environ["REMOTE_ADDR"] = client_of(environ.get("HTTP_X_FORWARDED_FOR", ""))
        response = django(environ, start_response)
        try:
            return list(response)
        finally:
            # The middleware never closes a response, and only then does Django give its connections back.
            response.close()

    return PassingMiddleware(application)  # type: ignore[no-untyped-call]


def add(app: func.FunctionApp) -> None:
    """Add the function that takes every route but the host's own."""

    @app.function_name("http")
    @app.route(route="{*route}", methods=METHODS, auth_level=func.AuthLevel.ANONYMOUS)
    def http(req: func.HttpRequest, context: func.Context) -> func.HttpResponse:
        with idle.bounded():
            response: func.HttpResponse = middleware().handle(sound(req), context)
        return response
