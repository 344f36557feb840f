"""The worker's side: starts the fork server, and asks its guardians for children. Nothing here waits but `start`.

A server may be loading, it or a guardian stopped or dead: whoever asked for a child watches for what comes of it
(`Child.hear`) while it watches the clock, and asks `look_after` what to do when nothing comes.
"""

import json
import os
import socket
import threading
import time
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from typing import Any

from jobs.execution.isolation import orders, requests
from jobs.execution.isolation.kept import Guardian
from jobs.execution.isolation.process import START_TIMEOUT, TOOK_TOO_LONG, ForkServerFailed, Server, log_once

# A fork takes milliseconds. A server or guardian that says nothing for so long, in seconds, is stopped or hangs.
ANSWER = 10.0
# How often, in seconds, somebody looks whether the server is growing old, whatever the clocks do meanwhile.
LOOK = 30.0
# How often a server is started for one run when it is killed again and again.
TRIES = 3


@dataclass(slots=True)
class Child:
    """A child that was asked for, from outside. The descriptors are ours to read and to close."""

    stdout: int
    stderr: int
    reports: int
    control: socket.socket
    guardian: Guardian
    asked_at: float
    _heard: bytes = b""
    _has_begun: bool = False
    _has_receipt: bool = False
    has_ended: bool = False  # its guardian has nothing more to say

    def hear(self) -> list[dict[str, Any]] | None:
        """What the guardian has said since it was last asked; None at its end."""
        try:
            data = self.control.recv(65536)
        except BlockingIOError:
            return []
        except OSError:
            return None
        if not data:
            self.has_ended = True
            return None
        *lines, self._heard = (self._heard + data).split(b"\n")
        messages = [json.loads(line) for line in lines]
        for message in messages:
            self._has_begun |= "guardian" in message
            self.guardian.pid = message.get("guardian", self.guardian.pid)
            self._has_receipt |= "exit_code" in message
        return messages

    def is_heard(self) -> bool:
        """Whether all that the guardian has said so far was heard."""
        try:
            return not self.control.recv(1, socket.MSG_PEEK)
        except OSError:
            return True

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
        """Read no more. A guardian that is still at work, or comes yet, ends with all that it has started."""
        self.control.close()
        for descriptor in (self.stdout, self.stderr, self.reports):
            with suppress(OSError):
                os.close(descriptor)
        if self._has_receipt and self.has_ended:
            self.guardian.server.keep(self.guardian)
        elif self._has_begun:
            self.guardian.leave()
        else:
            self.guardian.kill()


class ForkServer:
    """Processes with Django loaded, started when first needed and again when one has died, hangs or has grown old."""

    def __init__(self) -> None:
        # Held for moments only: all runs of this worker need it.
        self._lock = threading.Lock()
        self._owner = 0
        self._forked()

    def _forked(self) -> None:
        self._current: dict[bool, Server] = {}  # by whether it is bare
        self._next: Server | None = None  # takes the place of the one that is growing old
        self._prepare_at = 0.0
        self._leaving: list[Server] = []
        self._is_unfit = False
        self._stopped = threading.Event()
        self._keeper: threading.Thread | None = None

    def spawn(self, request: dict[str, Any], fresh: bool = False) -> Child:
        """Ask for a child for this request (command, arguments, environment, run, mark, fence).

        A `fresh` one loads Django itself. Raises ForkServerFailed where it can't even be asked for.
        """
        with ExitStack() as ours_on_failure, ExitStack() as theirs:
            try:
                with self._lock:
                    server = self._ensure(bare=fresh)
                    guardian = server.kept_guardian() or Guardian(server)
                ours_on_failure.callback(guardian.leave)
                pipes = [_pipe(ours_on_failure, theirs) for _ in range(3)]
                control, guardians = socket.socketpair()
                ours_on_failure.enter_context(control)
                theirs.enter_context(guardians)
                file = theirs.enter_context(requests.write(request))
            except OSError as error:
                raise ForkServerFailed(f"The fork server can't be asked for a child: {error}") from error
            control.setblocking(False)
            guardian.ask([guardians.fileno(), file.fileno(), *(write for _, write in pipes)])
            ours_on_failure.pop_all()
        stdout, stderr, reports = (read for read, _ in pipes)
        return Child(stdout, stderr, reports, control, guardian, time.monotonic())

    def look_after(self, child: Child) -> float | None:
        """Look at the guardian or server that owes this child. Gives when to look again (time.monotonic).

        None where nothing will come any more: it has ended, or is killed here since it doesn't answer. Raises
        ForkServerFailed where the server can't load the project.
        """
        if child.guardian.pid is not None:  # it was kept
            due = child.asked_at + ANSWER
            if not child.has_ended and time.monotonic() < due:
                return due
            child.guardian.kill()
            return None if child.is_heard() else time.monotonic()
        server = child.guardian.server
        with self._lock:
            loaded_by = self._loaded_by(server)
            due = loaded_by if server.ready_at is None else max(server.ready_at, child.asked_at) + ANSWER
            if (server.ended and server not in self._leaving) or time.monotonic() >= due:
                self._discard(server)
                return None
        return due

    def start(self) -> None:
        """Start the server, and wait until it has loaded the project. Raises ForkServerFailed."""
        for _ in range(TRIES):
            with self._lock:
                server = self._ensure(bare=False)
            while not server.ended:
                with self._lock:
                    due = self._loaded_by(server)
                    if server.ready_at is not None:
                        return
                    if time.monotonic() >= due:
                        self._discard(server)
                        raise ForkServerFailed(TOOK_TOO_LONG)
                time.sleep(0.02)
        raise ForkServerFailed(
            f"The fork server ended {TRIES} times while it loaded the project, and said nothing. Does "
            "`manage.py check` load it? Does the instance have memory enough?"
        )

    def stop(self) -> None:
        """End the servers; children at work go on under their guardians."""
        with self._lock:
            is_ours = self._owner == os.getpid()
            servers = [*self._current.values(), *self._leaving, *filter(None, [self._next])]
            self._stopped.set()
            self._forked()
        for server in servers if is_ours else ():
            server.leave()
        for server in servers if is_ours else ():
            server.wait()

    @property
    def pid(self) -> int | None:
        """The process that new runs come from; None where there is none yet."""
        current = self._current.get(self._is_unfit)
        return current.process.pid if current else None

    def _ensure(self, bare: bool) -> Server:
        """A living server that is young enough, which may be loading still."""
        if self._owner != os.getpid():
            self._owner = os.getpid()
            self._forked()  # what there is is our parent's
        self._follow_up()
        bare |= self._is_unfit
        current = self._current.get(bare)
        if current is not None:
            with suppress(ForkServerFailed):  # what was wrong may have been put right
                self._loaded_by(current)
            if current.ended:
                self._discard(current)
            elif current.age.is_too_old() and not bare:
                self._retire(current)
        bare |= self._is_unfit  # as may just have been heard
        if bare not in self._current:
            self._current[bare] = Server(bare)
            self._keep_young()
        return self._current[bare]

    def _loaded_by(self, server: Server) -> float:
        """Hear what the server has said. Gives when it has to have loaded. Raises ForkServerFailed where it can't."""
        try:
            server.hear()
        except ForkServerFailed:
            self._discard(server)
            raise
        for note in server.notes:
            log_once(note)
        if server.threads and not self._is_unfit:
            self._is_unfit = True
            log_once(
                f"Loading the project starts threads ({', '.join(server.threads)}), and such a process can't be "
                "forked safely: each run loads the project itself, which takes a second or so."
            )
        return server.started_at + START_TIMEOUT

    def _discard(self, server: Server) -> None:
        server.kill()
        if self._current.get(server.bare) is server:
            del self._current[server.bare]
        if self._next is server:
            self._next = None

    def _retire(self, old: Server) -> None:
        """Part with one that has grown too old. Its successor comes from here, loaded or not."""
        del self._current[old.bare]
        old.leave()
        self._leaving.append(old)
        if self._next is not None:
            self._current[False], self._next = self._next, None

    def _follow_up(self) -> None:
        """Put the successor in place when it is ready, and part with those that have left."""
        self._leaving = [server for server in self._leaving if server.process.poll() is None]
        if self._next is None:
            return
        with suppress(ForkServerFailed):  # the one that there is goes on for as long as it may
            self._loaded_by(self._next)
        if self._next is not None and self._next.ready_at is not None and False in self._current:
            self._retire(self._current[False])

    def _keep_young(self) -> None:
        """Have a successor loaded before the current server is too old, so that no run waits for it."""
        if self._keeper is None:
            self._keeper = threading.Thread(
                target=self._run_keeper, args=[self._stopped], name="jobs-fork-server", daemon=True
            )
            self._keeper.start()

    def _run_keeper(self, stopped: threading.Event) -> None:
        wait = 0.0
        while not stopped.wait(wait):
            with self._lock:
                if stopped.is_set():
                    return
                self._follow_up()
                for current in list(self._current.values()):
                    with suppress(ForkServerFailed):  # whoever waits for it hears that too
                        self._loaded_by(current)
                wait = self._prepare()

    def _prepare(self) -> float:
        """Start a successor where it is time. Gives in how many seconds to look again."""
        if any(server.ready_at is None for server in (*self._current.values(), self._next) if server):
            return 0.1
        loaded = self._current.get(False)
        if loaded is None or (left := loaded.age.left()) > 0:
            return min(LOOK, left) if loaded else LOOK
        if time.monotonic() < self._prepare_at:
            return LOOK  # it has just failed
        self._prepare_at = time.monotonic() + LOOK
        with suppress(OSError):  # there is no room for a process
            self._next = Server(bare=False)
        return 0.1


def _pipe(read_end: ExitStack, write_end: ExitStack) -> tuple[int, int]:
    read, write = os.pipe()
    read_end.callback(os.close, read)
    write_end.callback(os.close, write)
    return read, write


server = ForkServer()
