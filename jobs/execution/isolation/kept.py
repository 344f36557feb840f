"""A guardian from the worker's side: it is asked for one run after another, and kept in between.

It is kept only where it ended its run in order: it handed in a receipt, which it does when nothing of the tree is left,
and then closed the run's socket. Any other is parted with, and the next run gets a new one.
"""

import os
import signal
import socket
from contextlib import suppress
from typing import TYPE_CHECKING

from jobs import procfs
from jobs.execution.isolation import system

if TYPE_CHECKING:
    from jobs.execution.isolation.process import Server

WAITS = frozenset({"S", "R", "D"})  # neither stopped nor traced nor ended


class Guardian:
    """One guardian of this server's, which may not be forked yet: `pid` is known once it has spoken."""

    def __init__(self, server: "Server") -> None:
        self.server = server
        self.pid: int | None = None
        self._socket, self._theirs = socket.socketpair()
        self._socket.setblocking(False)

    def ask(self, descriptors: list[int]) -> None:
        """Ask it for a run. Where nobody takes that, silence or the end of the run's socket will be noticed."""
        with suppress(OSError):
            socket.send_fds(self._socket, [b"R"], descriptors)
        if self.pid is None:
            with self._theirs, suppress(OSError):
                socket.send_fds(self.server.socket, [b"G"], [self._theirs.fileno()])

    def is_waiting(self) -> bool:
        """Whether it can be asked: it lives, and isn't stopped."""
        return not self._has_ended() and (not system.LINUX or self._state() in WAITS)

    def kill(self) -> None:
        """End it now, also where it is stopped."""
        # Its pid is certainly its own for as long as its end of the socket is open.
        if self.pid is not None and not self._has_ended():
            system.send(signal.SIGKILL, [self.pid])
        self.leave()

    def leave(self) -> None:
        """Ask it for no more: it ends when its run, if it has one, has ended."""
        self._socket.close()
        self._theirs.close()

    def _has_ended(self) -> bool:
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return False
        except OSError:
            pass
        return True

    def _state(self) -> str:
        stat = procfs.stat(self.pid or os.getpid())
        return "" if stat is None else stat.state
