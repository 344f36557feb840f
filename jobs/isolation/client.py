"""The worker's side: starts the fork server, and asks it for children. Nothing here waits for it but `start`.

The server may be loading, stopped or dead: whoever asked for a child watches for what comes of it (`Child.hear`) while
it watches the clock, and asks `look_after` what to do when nothing comes.
"""

import json
import os
import socket
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from jobs.isolation import marks, orders

# Loading Django takes a second or two; a start that takes longer than this, in seconds, has failed.
START_TIMEOUT = 60.0
# A fork takes milliseconds. A server or guardian that says nothing for so long, in seconds, is stopped or hangs.
ANSWER = 10.0
# How often a server is started for one run when it is killed again and again.
TRIES = 3


class ForkServerFailed(RuntimeError):
    """The process that forks the runs can't do its work; the text says why."""


class Server:
    """One process that loads Django and forks."""

    def __init__(self) -> None:
        self.socket, theirs = socket.socketpair()
        self.socket.setblocking(False)
        self.started_at = time.monotonic()
        self.ready_at: float | None = None
        self.failed = ""
        self.ended = False
        self._heard = b""
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 — ourselves
                [sys.executable, "-m", "jobs.isolation.server", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=settings.BASE_DIR,
                env=os.environ | marks.RESERVED | {"PYTHONPATH": os.pathsep.join(_path())},
                start_new_session=True,  # Ctrl-C at a terminal is for us; we tell the runs
            )

    def hear(self) -> None:
        """Take note of what it has said. Raises ForkServerFailed where it can't load the project."""
        with suppress(BlockingIOError):  # it has said nothing more
            if self.ended:
                return
            with suppress(ConnectionResetError):  # it was killed before it read what we sent
                while data := self.socket.recv(65536):
                    self._heard += data
            self.ended = True
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            message = json.loads(line)
            self.ready_at = message.get("ready_at", self.ready_at)
            self.failed = message.get("failed", self.failed)
        if self.failed:
            raise ForkServerFailed(f"The fork server can't load the project: {self.failed}")

    def kill(self) -> None:
        """End it now, also where it is stopped; children at work go on under their guardians."""
        self.ended = True
        self.socket.close()
        self.process.kill()
        self.process.wait()

    def leave(self) -> None:
        """End it: its end of the socket has closed then. One that hangs is helped along."""
        self.socket.close()
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.kill()


@dataclass(slots=True)
class Child:
    """A child that was asked for, from outside. The descriptors are ours to read and to close."""

    stdout: int
    stderr: int
    reports: int
    control: socket.socket
    server: Server
    asked_at: float
    _heard: bytes = b""

    def hear(self) -> list[dict[str, Any]] | None:
        """What the guardian has said since it was last asked; None at its end."""
        try:
            data = self.control.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            return None
        *lines, self._heard = (self._heard + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def order(self, order: bytes, moment: float = 0.0) -> bool:
        """Order something of the guardian (orders.py). False where it takes no more: it has been stopped for long."""
        try:
            self.control.send(orders.write(order, moment))
        except BlockingIOError:
            return False
        except OSError:  # it has ended, and its end is there to be read
            pass
        return True

    def close(self) -> None:
        """Read no more. A guardian that comes, or is still there, ends with all that it has started."""
        self.control.close()
        for descriptor in (self.stdout, self.stderr, self.reports):
            with suppress(OSError):
                os.close(descriptor)


class ForkServer:
    """A process with Django loaded, started when first needed and again when it has died or doesn't answer."""

    def __init__(self) -> None:
        # Held for moments only: all runs of this worker need it.
        self._lock = threading.Lock()
        self._current: Server | None = None
        self._owner = 0

    def spawn(self, request: dict[str, Any]) -> Child:
        """Ask for a child for this request (command, arguments, environment, run, mark, fence).

        Raises ForkServerFailed where it can't even be asked for.
        """
        with ExitStack() as ours_on_failure, ExitStack() as theirs:
            try:
                with self._lock:
                    server = self._ensure()
                pipes = [_pipe(ours_on_failure, theirs) for _ in range(3)]
                control, guardians = socket.socketpair()
                ours_on_failure.enter_context(control)
                theirs.enter_context(guardians)
                file = theirs.enter_context(_file_of(request))
            except OSError as error:
                raise ForkServerFailed(f"The fork server can't be asked for a child: {error}") from error
            control.setblocking(False)
            # Where the server takes nothing, its silence or its end will be noticed.
            with suppress(OSError):
                descriptors = [guardians.fileno(), file.fileno(), *(write for _, write in pipes)]
                socket.send_fds(server.socket, [b"F"], descriptors)
            ours_on_failure.pop_all()
        stdout, stderr, reports = (read for read, _ in pipes)
        return Child(stdout, stderr, reports, control, server, time.monotonic())

    def look_after(self, child: Child) -> float | None:
        """Look at the server that owes this child. Gives when to look again (time.monotonic).

        None where nothing will come any more: the server has ended, or is killed here since it doesn't answer. Raises
        ForkServerFailed where it can't load the project.
        """
        server = child.server
        with self._lock:
            due = max(server.ready_at, child.asked_at) + ANSWER if server.ready_at else self._loaded_by(server)
            if server.ended or time.monotonic() >= due:
                self._discard(server)
                return None
        return due

    def start(self) -> None:
        """Start the server, and wait until it has loaded the project. Raises ForkServerFailed."""
        for _ in range(TRIES):
            with self._lock:
                server = self._ensure()
            while not server.ended:
                with self._lock:
                    due = self._loaded_by(server)
                    if server.ready_at is not None:
                        return
                    if time.monotonic() >= due:
                        self._discard(server)
                        raise ForkServerFailed(f"The fork server took longer than {START_TIMEOUT:.0f} s to load.")
                time.sleep(0.02)
        raise ForkServerFailed(f"The fork server ended {TRIES} times while it loaded the project, and said nothing.")

    def stop(self) -> None:
        """End the server; children at work go on under their guardians."""
        with self._lock:
            server, self._current = self._current, None
        if server is not None and self._owner == os.getpid():
            server.leave()

    @property
    def pid(self) -> int | None:
        return self._current.process.pid if self._current else None

    def _ensure(self) -> Server:
        """A living server, which may be loading still."""
        if self._owner != os.getpid():
            self._owner, self._current = os.getpid(), None  # it is our parent's
        if self._current is not None:
            with suppress(ForkServerFailed):  # what was wrong may have been mended
                self._loaded_by(self._current)
            if self._current is not None and self._current.ended:
                self._discard(self._current)
        if self._current is None:
            self._current = Server()
        return self._current

    def _loaded_by(self, server: Server) -> float:
        """Hear what the server has said. Gives when it has to have loaded. Raises ForkServerFailed where it can't."""
        try:
            server.hear()
        except ForkServerFailed:
            self._discard(server)
            raise
        return server.started_at + START_TIMEOUT

    def _discard(self, server: Server) -> None:
        server.kill()
        if self._current is server:
            self._current = None


def _pipe(read_end: ExitStack, write_end: ExitStack) -> tuple[int, int]:
    read, write = os.pipe()
    read_end.callback(os.close, read)
    write_end.callback(os.close, write)
    return read, write


def _file_of(request: dict[str, Any]) -> IO[bytes]:
    """The request as a file without a name: however long it is, nobody waits until it is read."""
    file: IO[bytes]
    if sys.platform == "linux":
        file = os.fdopen(os.memfd_create("request"), "wb+")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 — the caller closes it
    file.write(json.dumps(request).encode())
    file.flush()
    return file


def _path() -> list[str]:
    """The path that this process imports from: the worker's own packages must not take our packages' place."""
    return [str(Path(entry).resolve()) for entry in sys.path if entry and Path(entry).exists()]


server = ForkServer()
