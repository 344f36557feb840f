"""The worker's side: starts the fork server, and asks it for children."""

import json
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.conf import settings

from jobs.isolation.guardian import KILL, TERMINATE

# Loading Django takes a second or two; a start that takes longer than this, in seconds, has failed.
START_TIMEOUT = 60.0


class ForkServerFailed(RuntimeError):
    """The process that forks the runs can't do its work; the text says why."""


@dataclass(slots=True)
class Child:
    """A child at work, from outside. The descriptors are ours to read and to close."""

    stdout: int
    stderr: int
    reports: int
    control: socket.socket

    def terminate(self) -> None:
        """Send SIGTERM to the child and all its descendants."""
        self._order(TERMINATE)

    def kill(self) -> None:
        """Kill the child and all its descendants."""
        self._order(KILL)

    def close(self) -> None:
        self.control.close()
        for descriptor in (self.stdout, self.stderr, self.reports):
            with suppress(OSError):
                os.close(descriptor)

    def _order(self, order: bytes) -> None:
        with suppress(OSError):  # the guardian has ended
            self.control.send(order)


class ForkServer:
    """One process with Django loaded, started when first needed and again when it has died."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._owner = 0

    def spawn(self, request: dict[str, Any]) -> Child:
        """Start a child for this request (command, arguments, environment, run).

        Raises ForkServerFailed where the server doesn't load the project or can't fork.
        """
        with self._lock:
            # It may have died since it was last asked. Whether it forked before is unknown: another one is asked with
            # other pipes, and the end of the old ones is the end of what it may have forked.
            child = self._try(request) or self._try(request)
        if child is None:
            raise ForkServerFailed("The fork server died twice while it was asked for a child.")
        return child

    def _try(self, request: dict[str, Any]) -> Child | None:
        """A child; None where the server died while it was asked."""
        pipes = [os.pipe() for _ in range(3)]
        ours, theirs = socket.socketpair()
        stdout, stderr, reports = (read for read, _ in pipes)
        child = Child(stdout, stderr, reports, ours)
        try:
            forked = self._ask(request, [theirs.fileno(), *(write for _, write in pipes)])
        except BaseException:
            child.close()
            raise
        finally:
            theirs.close()
            for _, write in pipes:
                os.close(write)
        if not forked:
            child.close()
            return None
        return child

    def start(self) -> None:
        """Start the server now, so that the first run needn't wait for it. Raises ForkServerFailed."""
        with self._lock:
            self._ensure()

    def stop(self) -> None:
        """End the server; children at work go on under their guardians."""
        with self._lock:
            self._forget()

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    def _ask(self, request: dict[str, Any], descriptors: list[int]) -> bool:
        """Whether a child was forked; False where the server died while it was asked."""
        line = json.dumps(request).encode() + b"\n"
        server = self._ensure()
        try:
            socket.send_fds(server, [line[:65536]], descriptors)
            if line[65536:]:
                server.sendall(line[65536:])
            answer = _answer(server)
        except OSError:
            answer = None
        if answer is None:
            self._forget()
            return False
        if "error" in answer:
            raise ForkServerFailed(f"The fork server can't fork: {answer['error']}")
        return True

    def _ensure(self) -> socket.socket:
        """The socket to a living server."""
        if self._owner != os.getpid():
            self._process = self._socket = None  # they are our parent's
        if self._socket is not None and self._process is not None and self._process.poll() is None:
            return self._socket
        self._forget()
        ours, theirs = socket.socketpair()
        with theirs:
            process = subprocess.Popen(  # noqa: S603 — ourselves
                [sys.executable, "-m", "jobs.isolation.server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=settings.BASE_DIR,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(_path())},
                start_new_session=True,  # Ctrl-C at a terminal is for us; we tell the runs
            )
        ours.settimeout(START_TIMEOUT)
        answer = _answer(ours)
        ours.settimeout(None)
        if answer is None or "failed" in answer:
            ours.close()
            process.kill()
            process.wait()
            reason = answer["failed"] if answer else "it ended, or took too long, and said nothing."
            raise ForkServerFailed(f"The fork server can't load the project: {reason}")
        self._owner, self._process, self._socket = os.getpid(), process, ours
        return ours

    def _forget(self) -> None:
        if self._socket is not None:
            self._socket.close()
        if self._process is not None and self._owner == os.getpid():
            # Its end of the socket has closed: it ends by itself, and is helped along when it hangs.
            try:
                self._process.wait(timeout=2)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._process = self._socket = None


def _path() -> list[str]:
    """The path that this process imports from: the worker's own packages must not take our packages' place."""
    return [str(Path(entry).resolve()) for entry in sys.path if entry and Path(entry).exists()]


def _answer(server: socket.socket) -> dict[str, Any] | None:
    data = b""
    while not data.endswith(b"\n"):
        try:
            more = server.recv(65536)
        except TimeoutError:
            return None
        if not more:
            return None
        data += more
    answer: dict[str, Any] = json.loads(data)
    return answer


server = ForkServer()
