"""Django behind one anonymous catch-all function.

`func.WsgiFunctionApp` would turn each 5xx into a failed invocation without a body (AZURE.md, "The Python worker").
"""

from collections.abc import Iterable
from functools import cache
from typing import Any

import azure.functions as func
from django.core.wsgi import get_wsgi_application

METHODS = tuple(method for method in func.HttpMethod if method.value != "QUERY")  # no Django view takes it


class PassingMiddleware(func.WsgiMiddleware):
    """Hands every answer of Django's on as it is, errors included."""

    def _handle_errors(self, *_: Any) -> None:
        """The base class raises here for a 5xx, and for what was written to the error stream."""
        self._wsgi_error_buffer.seek(0)
        self._wsgi_error_buffer.truncate()


@cache
def middleware() -> PassingMiddleware:
    django = get_wsgi_application()

    def application(environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        # The library has decoded the path once; WSGI wants its bytes, as latin-1.
        environ["PATH_INFO"] = environ["PATH_INFO"].encode("latin-1").decode()
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
        response: func.HttpResponse = middleware().handle(req, context)
        return response
