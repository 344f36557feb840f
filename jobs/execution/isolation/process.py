"""One fork server's process, from the worker's side: it loads, is ready, or says why it can't be."""

import json
import logging
import os
import socket
import subprocess
import sys
import time
from contextlib import suppress

from jobs.conf import project_folder
from jobs.execution.isolation import marks, memory, paths
from jobs.execution.isolation.age import Age
from jobs.execution.isolation.kept import Guardian

log = logging.getLogger(__name__)

# Loading Django takes a second or two; a start that takes longer than this, in seconds, has failed.
START_TIMEOUT = 60.0
TOOK_TOO_LONG = (
    f"The fork server took longer than {START_TIMEOUT:.0f} s to load the project. Look for what a module does as it is "
    "imported: a download, a query, a large file."
)
# What has been logged: each server that is loaded says the same.
_logged: set[str] = set()


class ForkServerFailed(RuntimeError):
    """The process that forks the runs can't do its work; the text says why."""


class Server:
    """One process that loads Django and forks; a `bare` one only forks, and its children load Django themselves."""

    def __init__(self, bare: bool) -> None:
        self.bare = bare
        self.age = Age()
        self.socket, theirs = socket.socketpair()
        self.socket.setblocking(False)
        self.started_at = time.monotonic()
        self.ready_at: float | None = None
        self.failed = ""
        self.threads: list[str] = []  # what makes it unfit to be forked
        self.notes: list[str] = []  # what a person should know of its loading
        self.ended = False
        self._heard = b""
        self._kept: list[Guardian] = []  # one for each run that there was at the same moment
        allocator = memory.environment()
        with theirs:
            self.process = subprocess.Popen(  # noqa: S603 — ourselves
                [
                    *(sys.executable, "-m", "jobs.execution.isolation.server", str(theirs.fileno())),
                    *(paths.of_runs(), "bare" if bare else "loaded", *allocator),
                ],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                cwd=project_folder(),
                env=os.environ | marks.RESERVED | allocator | {"PYTHONPATH": paths.of_this_process()},
                start_new_session=True,  # Ctrl-C at a terminal is for us; we stop the runs
            )

    def hear(self) -> None:
        """Take note of what it has said. Raises ForkServerFailed where it can't load the project."""
        if not self.ended:
            with suppress(BlockingIOError):  # it has said nothing more
                with suppress(ConnectionResetError):  # it was killed before it read what we sent
                    while data := self.socket.recv(65536):
                        self._heard += data
                self.ended = True
        *lines, self._heard = self._heard.split(b"\n")
        for line in lines:
            message = json.loads(line)
            self.ready_at = message.get("ready_at", self.ready_at)
            self.failed = message.get("failed", self.failed)
            self.threads = message.get("threads", self.threads)
            self.notes += message.get("notes", ())
        if self.failed:
            raise ForkServerFailed(f"The fork server can't load the project: {self.failed}")

    def kept_guardian(self) -> Guardian | None:
        """A guardian that waits for a run, if there is one."""
        while self._kept:
            guardian = self._kept.pop()
            if guardian.is_waiting():
                return guardian
            guardian.kill()
        return None

    def keep(self, guardian: Guardian) -> None:
        """Keep a guardian whose run has ended for the next one. Any thread may call it."""
        self._kept.append(guardian)
        if self.ended:  # now, or while it was added
            self.part_with_guardians()

    def part_with_guardians(self) -> None:
        """Keep none of those that wait for a run: they end."""
        with suppress(IndexError):  # another thread has just done so
            while self._kept:
                self._kept.pop().leave()

    def kill(self) -> None:
        """End it now, also where it is stopped; children at work go on under their guardians."""
        self.leave()
        self.process.kill()
        self.process.wait()

    def leave(self) -> None:
        """End it, when it has done what it was asked for: its end of the socket has closed then."""
        self.socket.close()
        self.ended = True
        self.part_with_guardians()

    def wait(self) -> None:
        """Wait for its end. One that hangs is helped along."""
        try:
            self.process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self.kill()


def log_once(note: str) -> None:
    if note not in _logged:
        _logged.add(note)
        log.warning(note)


def try_to_load() -> Server:
    """Load the project as a fork server does, and end it again: what it said is on what is given back.

    Raises ForkServerFailed where the project doesn't load.
    """
    server = Server(bare=False)
    try:
        while server.ready_at is None and not server.ended:
            server.hear()
            if time.monotonic() > server.started_at + START_TIMEOUT:
                raise ForkServerFailed(TOOK_TOO_LONG)
            time.sleep(0.02)
    finally:
        server.kill()
    return server
