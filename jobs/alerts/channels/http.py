"""The client of all that goes out by HTTP. It follows no redirect, uses no proxy, and keeps to one deadline.

The name is resolved once, and the connection goes to an address that was looked at: a name server that answers
otherwise a moment later changes nothing.
"""

import http.client
import io
import socket
import ssl
from collections.abc import Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobs.alerts.channels import addresses
from jobs.alerts.channels.addresses import Url
from jobs.alerts.channels.deadline import Deadline
from jobs.formats import format_duration
from jobs.sentences import Sentence
from jobs.version import __version__

# Of an answer, with its headers, so many bytes are read at most.
LONGEST = 64 * 1024
# A host that is there takes a connection in a few milliseconds.
TO_CONNECT = 5.0


class Unanswered(Sentence):
    """No answer of {host}: {why}."""

    def __init__(self, host: str, why: str) -> None:
        super().__init__(host=host, why=why)


@dataclass(frozen=True, slots=True)
class Reply:
    """`body` is the beginning of what came with a status that isn't 2xx; of these the status says all."""

    status: int
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def is_good(self) -> bool:
        return 200 <= self.status < 300


def ask(
    method: str, url: Url, *, headers: Mapping[str, str] | None = None, body: bytes | None = None, timeout: timedelta
) -> Reply:
    """Raises Unanswered, and Forbidden where the host leads to an address that may not be reached."""
    deadline = Deadline(timeout)
    sent = {"Host": url.place, "User-Agent": f"nightshift/{__version__}", **(headers or {})}
    try:
        with closing(_connected(url, deadline)) as connected:
            connection = http.client.HTTPConnection(url.host, url.port)
            connection.sock = _Bounded(connected, deadline)
            connection.request(method, url.target, body, sent)
            answer = connection.getresponse()
            good = 200 <= answer.status < 300
            return Reply(answer.status, answer.headers, b"" if good else _beginning(answer))
    except TimeoutError:
        raise Unanswered(url.host, f"it took longer than {format_duration(timeout)}") from None
    except (OSError, UnicodeError, http.client.HTTPException) as error:
        raise Unanswered(url.host, why(error)) from None


def _connected(url: Url, deadline: Deadline) -> socket.socket:
    """A connection to the first address of the host that takes one. Raises Forbidden, OSError, UnicodeError."""
    failed: OSError = OSError("it has no address")
    for family, place in addresses.resolve(url, deadline):
        connection = socket.socket(family, socket.SOCK_STREAM)
        try:
            _connect(connection, place, deadline)
            if url.scheme == "http":
                return connection
            connection.settimeout(deadline.left())
            return ssl.create_default_context().wrap_socket(connection, server_hostname=url.host)
        except OSError as error:
            connection.close()
            failed = error
    raise failed


def _connect(connection: socket.socket, place: Any, deadline: Deadline) -> None:
    connection.settimeout(min(TO_CONNECT, deadline.left()))
    try:
        connection.connect(place)
    except TimeoutError:
        deadline.left()
        raise OSError(f"it took no connection within {TO_CONNECT:.0f} s") from None


class _Bounded(io.RawIOBase):
    """A socket as http.client uses one, which neither reads nor writes beyond a deadline, nor reads more than LONGEST.

    A timeout of the socket itself starts again with each byte.
    """

    def __init__(self, connection: socket.socket, deadline: Deadline) -> None:
        self._connection, self._deadline, self._left = connection, deadline, LONGEST

    def makefile(self, mode: str) -> io.BufferedReader:
        return io.BufferedReader(self)

    def sendall(self, data: bytes) -> None:
        rest = memoryview(data)
        while rest:
            self._connection.settimeout(self._deadline.left())
            rest = rest[self._connection.send(rest) :]

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        if not self._left:
            return 0
        self._connection.settimeout(self._deadline.left())
        count = self._connection.recv_into(memoryview(buffer)[: self._left])
        self._left -= count
        return count

    def close(self) -> None:
        """http.client closes what it sends by before it has read the answer."""


def _beginning(answer: http.client.HTTPResponse) -> bytes:
    """What came of the body. The status says what became of the message, however the body ends."""
    try:
        return answer.read(LONGEST)
    except http.client.IncompleteRead as error:
        return error.partial
    except (OSError, http.client.HTTPException):
        return b""


def why(error: Exception) -> str:
    """Of a certificate what is wrong with it, of the system its words without a number."""
    reasons = (getattr(error, "verify_message", ""), getattr(error, "strerror", ""), str(error))
    return next(filter(None, reasons), type(error).__name__).strip().rstrip(".")
