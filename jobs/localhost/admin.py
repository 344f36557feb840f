"""The host's own routes that operators use (docs/reference/azure.md, "Manual calls")."""

import json
from collections.abc import Callable, Mapping
from http import HTTPStatus
from time import monotonic
from typing import Any
from urllib.parse import unquote

from jobs.localhost import keys
from jobs.localhost.functions import Function
from jobs.localhost.http import Request, Response, sentence

# Calls a function by hand with the input that the operator gave, and returns at once.
CallByHand = Callable[[Function, str], None]


class Admin:
    """Answers /admin and /runtime. `address` is where the host is reached: http://127.0.0.1:7071."""

    def __init__(self, functions: Mapping[str, Function], key: str, address: str, call_by_hand: CallByHand) -> None:
        # The host looks names up without regard to case.
        self.functions = {name.lower(): function for name, function in functions.items()}
        self.key = key
        self.address = address
        self.call_by_hand = call_by_hand
        self.started = monotonic()

    async def answer(self, request: Request) -> Response:
        path = unquote(request.target).strip("/").split("/")
        lowered = tuple(part.lower() for part in path)
        if lowered == ("admin", "host", "ping") and request.method in {"GET", "POST"}:
            return Response(status=HTTPStatus.OK)
        if not keys.opens(self.key, request.headers, request.query):
            return sentence(HTTPStatus.UNAUTHORIZED, "Send the master key in the header x-functions-key.")
        match request.method, lowered:
            case "GET", ("admin", "host", "status"):
                return _json(self._status())
            case "GET", ("admin", "functions"):
                return _json([self._describe(function) for function in self.functions.values()])
            case method, ("admin", "functions", name, *rest) if name in self.functions:
                return self._of_function(method, rest, self.functions[name], request.body)
            case _, ("admin", "functions", *_):
                return sentence(HTTPStatus.NOT_FOUND, f"There is no such function. GET {self.address}/admin/functions")
        return sentence(HTTPStatus.NOT_FOUND, "The local host doesn't have this route, and it never reaches the app.")

    def _of_function(self, method: str, rest: list[str], function: Function, body: bytes) -> Response:
        match method, rest:
            case "GET", []:
                return _json(self._describe(function))
            case "GET", ["status"]:
                # Errors would stand here: what has any is refused when this host starts.
                return _json({})
            case "POST", []:
                return self._call(function, body)
        return sentence(HTTPStatus.METHOD_NOT_ALLOWED, "Use GET to show a function, POST to call it.")

    def _call(self, function: Function, body: bytes) -> Response:
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            asked = None
        if not isinstance(asked, dict):
            return sentence(HTTPStatus.BAD_REQUEST, 'Send a JSON body: {} or {"input": "..."}.')
        if function.kind == "httpTrigger":
            return sentence(HTTPStatus.BAD_REQUEST, "The local host calls HTTP functions only by HTTP.")
        given = asked.get("input")
        self.call_by_hand(function, given if isinstance(given, str) else "")
        # No body and no run's id: the call goes on behind it.
        return Response(status=HTTPStatus.ACCEPTED)

    def _describe(self, function: Function) -> dict[str, Any]:
        route = f"{self.address}/{{*route}}" if function.kind == "httpTrigger" else None
        return {
            "name": function.name,
            "href": f"{self.address}/admin/functions/{function.name}",
            "invoke_url_template": route,
            "language": "python",
            "config": {"name": function.name, "bindings": list(function.bindings)},
            "isDisabled": function.is_disabled,
        }

    def _status(self) -> dict[str, Any]:
        return {
            "id": "localhost",
            "state": "Running",
            "version": "Nightshift's local host",
            "processUptime": int((monotonic() - self.started) * 1000),
        }


def _json(content: Any) -> Response:
    return Response(
        status=HTTPStatus.OK,
        headers=[("content-type", "application/json; charset=utf-8")],
        body=json.dumps(content, indent=2).encode(),
    )
