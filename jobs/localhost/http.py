"""HTTP as the host hands it on: whole requests and whole answers, no streams."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from urllib.parse import unquote

from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPScope, Scope

Headers = list[tuple[str, str]]
# The server makes these itself.
HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "date"}
BODILESS = {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """`target` is the path as it was sent, escapes and all; `headers` have lower-case names and one value each."""

    method: str
    scheme: str
    target: str
    query: str
    headers: dict[str, str]
    body: bytes = b""

    @property
    def url(self) -> str:
        question = f"?{self.query}" if self.query else ""
        return f"{self.scheme}://{self.headers.get('host', 'localhost')}{self.target}{question}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Response:
    status: int
    headers: Headers = field(default_factory=list)
    body: bytes = b""


Answer = Callable[[Request], Awaitable[Response]]


def sentence(status: HTTPStatus, text: str) -> Response:
    return Response(status=status, headers=[("content-type", "text/plain; charset=utf-8")], body=f"{text}\n".encode())


class Application:
    """The ASGI application. /admin and /runtime belong to the host, everything else to the app.

    docs/reference/azure.md, "Manual calls"
    """

    def __init__(self, host: Answer, app: Answer) -> None:
        self.host = host
        self.app = app

    async def __call__(self, scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        if scope["type"] != "http":  # uvicorn is configured to offer nothing else
            return
        request = _request(scope, await _body(receive))
        # The host compares routes without regard to case, and after their escapes are read.
        first = unquote(request.target).lower().strip("/").partition("/")[0]
        if first in {"admin", "runtime"}:
            response = await self.host(request)
        elif "transfer-encoding" in request.headers:
            # The host hands on a body whose length was not said as no body at all: better to refuse it.
            response = sentence(
                HTTPStatus.LENGTH_REQUIRED,
                "The Functions host drops a body without a Content-Length. Send the length instead of chunks.",
            )
        else:
            response = await self.app(request)
        await _send(response, send)


def _request(scope: HTTPScope, body: bytes) -> Request:
    headers: dict[str, str] = {}
    for name, value in scope["headers"]:
        text = value.decode("latin-1")
        key = name.decode("latin-1").lower()
        headers[key] = f"{headers[key]},{text}" if key in headers else text
    _add_forwarded(headers, scope)
    return Request(
        method=scope["method"],
        scheme=scope["scheme"],
        target=scope["raw_path"].decode("latin-1") or "/",
        query=scope["query_string"].decode("latin-1"),
        headers=headers,
        body=body,
    )


def _add_forwarded(headers: dict[str, str], scope: HTTPScope) -> None:
    """What Azure's front end sets: the client's address with its port, after what the client claims, and the scheme."""
    if scope["client"]:
        address, port = scope["client"]
        here = f"[{address}]:{port}" if ":" in address else f"{address}:{port}"
        claimed = headers.get("x-forwarded-for")
        headers["x-forwarded-for"] = f"{claimed}, {here}" if claimed else here
    headers["x-forwarded-proto"] = scope["scheme"]


async def _body(receive: ASGIReceiveCallable) -> bytes:
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            return bytes(body)  # the client has left
        body += message["body"]
        if not message["more_body"]:
            return bytes(body)


async def _send(response: Response, send: ASGISendCallable) -> None:
    headers = [
        (name.lower().encode("latin-1"), value.encode("latin-1", "replace"))
        for name, value in response.headers
        if name.lower() not in HOP_BY_HOP
    ]
    body = b"" if response.status in BODILESS else response.body
    if response.status not in BODILESS and not any(name == b"content-length" for name, _ in headers):
        headers.append((b"content-length", str(len(body)).encode()))
    await send({"type": "http.response.start", "status": response.status, "headers": headers, "trailers": False})
    await send({"type": "http.response.body", "body": body, "more_body": False})
