"""The app's own site: every request becomes a call of the catch-all HTTP function."""

from email.utils import formatdate
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs, quote, unquote

from jobs.localhost.functions import Function
from jobs.localhost.http import Headers, Request, Response, sentence
from jobs.localhost.invocations import Invocations
from jobs.localhost.protos import PROTOS, Message, typed
from jobs.localhost.worker import Reply

SAME_SITE = {PROTOS.RpcHttpCookie.SameSite.Lax: "lax", PROTOS.RpcHttpCookie.SameSite.Strict: "strict"}
SAME_SITE[PROTOS.RpcHttpCookie.SameSite.ExplicitNone] = "none"
NOTHING = HTTPStatus.NOT_FOUND, "No function takes this route."


class Site:
    """Answers requests through the catch-all function; `function` is None where the app has none."""

    def __init__(self, function: Function | None, invocations: Invocations) -> None:
        self.function = function
        self.invocations = invocations

    async def answer(self, request: Request) -> Response:
        function = self.function
        if function is None or function.is_disabled or not _takes(function, request.method):
            return sentence(*NOTHING)
        reply = await self.invocations.call(
            function,
            request.method,
            typed(http=_message(request)),
            outcome=lambda reply: f"{response(reply).status} {request.target}",
        )
        return response(reply)


def _takes(function: Function, method: str) -> bool:
    methods = function.trigger.get("methods")
    return not methods or method.upper() in {str(known).upper() for known in methods}


def _message(request: Request) -> Message:
    path = unquote(request.target.lstrip("/"))
    message: Message = PROTOS.RpcHttp(
        method=request.method,
        url=request.url,
        headers=request.headers,
        # Values of one name are joined and empty ones left out: the Python worker doesn't ask for more.
        query={name: ",".join(values) for name, values in parse_qs(request.query).items()},
        params={"route": path} if path else {},
        body=typed(bytes=request.body),
    )
    return message


def response(reply: Reply) -> Response:
    """The answer that a call of an HTTP function gives. One that failed is a 500 with nothing in it."""
    value = reply.value
    if reply.error or value is None:
        return Response(status=HTTPStatus.INTERNAL_SERVER_ERROR)
    if value.http is None:
        body = str(value.string).encode()
        return Response(status=HTTPStatus.OK, headers=[("content-type", "text/plain; charset=utf-8")], body=body)
    headers: Headers = list(value.http.headers.items())
    headers += [("set-cookie", _cookie(cookie)) for cookie in value.http.cookies or []]
    return Response(status=int(value.http.status_code), headers=headers, body=value.http.body.bytes or b"")


def _cookie(cookie: Any) -> str:
    """A cookie as ASP.NET writes it for the host: its value percent-encoded, whatever the app wrote.

    The host calls `response.Cookies.Append` (RawScriptResult.cs), which escapes what isn't a letter, a digit or -_.~
    """
    parts = [f"{cookie.name}={quote(cookie.value, safe='')}"]
    if cookie.expires:
        parts.append(f"expires={formatdate(cookie.expires.value.seconds, usegmt=True)}")
    if cookie.max_age:
        parts.append(f"max-age={int(cookie.max_age.value)}")
    if cookie.domain and cookie.domain.value:
        parts.append(f"domain={cookie.domain.value}")
    parts.append(f"path={(cookie.path and cookie.path.value) or '/'}")
    if cookie.secure and cookie.secure.value:
        parts.append("secure")
    if cookie.same_site in SAME_SITE:
        parts.append(f"samesite={SAME_SITE[cookie.same_site]}")
    if cookie.http_only and cookie.http_only.value:
        parts.append("httponly")
    return "; ".join(parts)
