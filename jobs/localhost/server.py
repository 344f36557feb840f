"""The HTTP server, uvicorn, as a guest in the host's event loop."""

import errno
import socket
from collections.abc import Generator
from contextlib import contextmanager
from typing import override

import uvicorn

from jobs.localhost.functions import Refused
from jobs.localhost.http import Application
from jobs.sentences import Sentence

# Seconds that requests at work are given when the host stops.
PATIENCE = 1


class PortTaken(Sentence, Refused):
    """Port {port} on {host} is taken. Stop what listens there, or choose another: --port {other}."""

    def __init__(self, host: str, port: int) -> None:
        super().__init__(host=host, port=port, other=port + 1)


class BadAddress(Sentence, Refused):
    """{host}:{port} can't be listened on: {error}."""

    def __init__(self, host: str, port: int, error: OSError) -> None:
        super().__init__(host=host, port=port, error=error.strerror or error)


def bind(host: str, port: int) -> socket.socket:
    """A listening socket; port 0 takes a free one. Raises PortTaken or BadAddress."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise PortTaken(host, port) from None
        raise BadAddress(host, port, error) from None


class Server(uvicorn.Server):
    def __init__(self, application: Application) -> None:
        super().__init__(
            uvicorn.Config(
                application,
                interface="asgi3",
                lifespan="off",
                http="h11",
                ws="none",
                log_config=None,
                log_level="critical",
                access_log=False,
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=PATIENCE,
            )
        )

    @contextmanager
    @override
    def capture_signals(self) -> Generator[None]:
        """The host has its own handlers."""
        yield
