"""Questions to the API, each asked again while the network or the server is away."""

import email.utils
import http.client
import ipaddress
import json
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from jobs.commandline.afar.credentials import Credentials
from jobs.commandline.ledger import Refusal
from jobs.version import __version__

# Seconds. The server holds a request for 20 at most.
TIMEOUT = 40
# For how long one question is asked again, in seconds, and the pauses between.
PATIENCE = 60.0
PAUSES = (0.5, 1, 2, 4, 8)
# The server, or what stands before it, is away for a while; it has done nothing.
AWAY = frozenset({429, 502, 503, 504})


class Problem(Refusal):
    """An answer of the API that says why not. `kind` is its name: already-paused."""

    def __init__(self, message: str, status: int, kind: str = "") -> None:
        super().__init__(message)
        self.status, self.kind = status, kind


class Answer(NamedTuple):
    status: int
    body: bytes
    headers: Any


class _Stay(urllib.request.HTTPRedirectHandler):
    """A redirect isn't followed: urllib would take the token along, wherever it leads."""

    def redirect_request(self, *_: Any) -> None:
        return None


class Client:
    """`say` gets a sentence when the server can't be reached, and is asked again."""

    def __init__(self, url: str, credentials: Credentials, say: Callable[[str], object]) -> None:
        self.base, is_near = _checked(url)
        self._credentials, self._say = credentials, say
        # On this machine nothing stands between.
        proxies = [urllib.request.ProxyHandler({})] if is_near else []
        self._opener = urllib.request.build_opener(_Stay, *proxies)
        self.ahead = timedelta(0)

    def clock(self) -> datetime:
        """The server's, by the last answer."""
        return datetime.now(UTC) + self.ahead

    def get(self, path: str, **query: Any) -> Any:
        return _read(self._ask("GET", path, query, repeatable=True).body)

    def get_bytes(self, path: str, **query: Any) -> bytes:
        return self._ask("GET", path, query, repeatable=True).body

    def send(self, method: str, path: str, body: Any = None, key: str = "") -> Any:
        """What is answered; None where it is nothing. With a key it may be asked again, and is done once."""
        return _read(self._ask(method, path, {}, body={} if body is None else body, key=key).body)

    def _ask(
        self,
        method: str,
        path: str,
        query: dict[str, Any],
        *,
        body: Any = None,
        key: str = "",
        repeatable: bool = False,
    ) -> Answer:
        question = urllib.parse.urlencode(
            {name: value for name, value in query.items() if value is not None}, doseq=True
        )
        url = self.base + path + (f"?{question}" if question else "")
        headers = {"Accept": "application/json, text/plain", "User-Agent": f"nightshift/{__version__}"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if key:
            headers["Idempotency-Key"] = key
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, headers, method=method)  # noqa: S310 — _checked
        return self._patiently(request, repeatable or bool(key))

    def _patiently(self, request: urllib.request.Request, repeatable: bool) -> Answer:
        """Raises Problem or Refusal."""
        until, renewed = time.monotonic() + PATIENCE, False
        for pause in _pauses():
            # Not a part of the request that is printed with an error.
            request.add_unredirected_header("Authorization", f"Bearer {self._credentials(renewed)}")
            try:
                answer = self._once(request)
            except (OSError, http.client.HTTPException) as error:
                reason = getattr(error, "reason", None) or str(error) or type(error).__name__
                why = f"{self.base} can't be reached: {reason}."
                if not repeatable and not isinstance(reason, ConnectionRefusedError):
                    raise Refusal(f"{why} It may have been done: look before you do it again.") from None
            else:
                if answer.status == 401 and not renewed:
                    # Of Azure's tokens the last may have ended meanwhile.
                    renewed = True
                    continue
                if not (answer.status in AWAY or (answer.status == 409 and _kind(answer) == "still-at-work")):
                    return _good(answer, request.full_url)
                why = str(_problem(answer))
                pause = _retry_after(answer) or pause
            if time.monotonic() + pause > until:
                raise Refusal(why)
            self._say(f"{why} Trying again.")
            time.sleep(pause)
        raise AssertionError

    def _once(self, request: urllib.request.Request) -> Answer:
        try:
            with self._opener.open(request, timeout=TIMEOUT) as found:
                answer = Answer(found.status, found.read(), found.headers)
        except urllib.error.HTTPError as error:
            with error:
                answer = Answer(error.code, error.read(), error.headers)
        if date := answer.headers.get("Date"):
            self.ahead = email.utils.parsedate_to_datetime(date) - datetime.now(UTC)
        return answer


def _read(body: bytes) -> Any:
    """JSON, its moments as datetimes. Raises Refusal."""
    try:
        return _with_moments(json.loads(body)) if body.strip() else None
    except ValueError:
        raise Refusal("The server answered something else than Nightshift's API does. Is the address right?") from None


# Of the API's fields those that are moments, and those that hold what a job gave.
MOMENTS = frozenset(
    {"at", "first", "last", "since", "until", "occurrence", "occurrences", "previous", "scheduled_for", "not_before"}
)
VERBATIM = frozenset({"result", "progress", "before", "after"})


def _with_moments(found: Any, name: str = "") -> Any:
    if isinstance(found, dict):
        return {key: value if key in VERBATIM else _with_moments(value, key) for key, value in found.items()}
    if isinstance(found, list):
        return [_with_moments(each, name) for each in found]
    if isinstance(found, str) and (name in MOMENTS or name.endswith(("_at", "_until")) or name == "next"):
        try:
            return datetime.fromisoformat(found)
        except ValueError:
            return found
    return found


def _checked(url: str) -> tuple[str, bool]:
    """The API's address, and whether it is on this machine. Raises Refusal where a token would be read on the way."""
    parts = urllib.parse.urlsplit(url)
    if parts.scheme not in {"http", "https"} or not parts.hostname or parts.query or parts.fragment:
        raise Refusal(
            f"--url: {parts._replace(netloc=parts.netloc.rpartition('@')[2]).geturl()!r} is not an address. Write https://jobs.example.com."
        )
    if "@" in parts.netloc:
        raise Refusal(f"--url: leave out the name and password before {parts.hostname}: a token says who you are.")
    is_near = _is_near(parts.hostname)
    if parts.scheme == "http" and not is_near:
        raise Refusal(f"--url: write https://{parts.netloc}. Over http, others on the way could read the token.")
    return url.rstrip("/").removesuffix("/api/v1").removesuffix("/api") + "/api/v1/", is_near


def _is_near(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _good(answer: Answer, url: str) -> Answer:
    if answer.status >= 400:
        raise _problem(answer)
    if answer.status >= 300:
        to = answer.headers.get("Location", "another address")
        raise Refusal(f"{url} leads on to {to}, and the token isn't sent there. Give its address as --url.")
    return answer


def _problem(answer: Answer) -> Problem:
    found = _json(answer)
    if "detail" not in found:
        text = http.client.responses.get(answer.status, "")
        message = f"The server answered {answer.status} {text}, and not as Nightshift's API does. Is the address right?"
        return Problem(message, answer.status)
    errors = [f"{name}: {sentence}" for name, said in found.get("errors", {}).items() for sentence in said if name]
    return Problem("\n".join(errors) or found["detail"], answer.status, _kind(answer))


def _kind(answer: Answer) -> str:
    return str(_json(answer).get("type", "")).rpartition(":")[2]


def _json(answer: Answer) -> dict[str, Any]:
    try:
        found = json.loads(answer.body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _retry_after(answer: Answer) -> float:
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdecimal() else 0.0


def _pauses() -> Iterator[float]:
    yield from PAUSES
    while True:
        yield PAUSES[-1]
