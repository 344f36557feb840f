"""The worker's side of the process that makes deliveries: it is started when it is first needed, and woken.

A process of its own: a slow server, or a channel's library that hangs or leaks, is none of the worker's business.
"""

import logging
import os
import socket
import subprocess
import sys
import threading
from contextlib import suppress

from jobs.conf import project_folder
from jobs.execution.isolation import paths
from jobs.ledger import notices

log = logging.getLogger(__name__)


class Deliverer:
    """At most one process, started again when it has ended or was killed and there is something to deliver."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._socket: socket.socket | None = None
        self._owner = 0

    @property
    def pid(self) -> int | None:
        """Of the living process; None where there is none."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def wake(self) -> None:
        """Have it look for what is to be delivered. It takes no time."""
        with self._lock:
            if self._owner != os.getpid() or self._process is None or self._process.poll() is not None:
                self._start()
                return
            assert self._socket is not None
            with suppress(OSError):  # it has ended just now, and the next one to wake it starts it; or it has work
                self._socket.send(b"w")

    def stop(self) -> None:
        """Ask it to end after what it has begun."""
        with self._lock:
            if self._owner == os.getpid() and self._socket is not None:
                self._socket.close()
                self._socket = None

    def _start(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._owner = os.getpid()
        self._socket, theirs = socket.socketpair()
        self._socket.setblocking(False)
        try:
            with theirs:
                self._process = subprocess.Popen(  # noqa: S603 — ourselves
                    [sys.executable, "-m", "jobs.alerts.deliverer", str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    stdin=subprocess.DEVNULL,
                    cwd=project_folder(),
                    env=os.environ | {"PYTHONPATH": paths.of_this_process()},
                    start_new_session=True,  # Ctrl-C at a terminal is for us
                )
        except OSError as error:
            log.error("what is to be delivered waits for the next tick: no process can be started: %s", error)


deliverer = Deliverer()


def begin() -> None:
    """From now on this process has deliveries made, when a run's end or the tick finds something to tell."""
    notices.wake = deliverer.wake
