"""A guardian: for one run after another it forks the child, reaps and measures it, and kills all its descendants.

The worker asks for a run over the guardian's socket, and at its end the guardian goes. Orders for a run come over a
socket of the run's own (orders.py): terminate, kill, and until when the run's lease certainly holds. The end of the
file, which is the worker's death, kills the tree; so does the fence, when a worker that is stopped sends no more. Each
order is answered with a line of JSON, and so is the end, when nothing of the tree is left.

Nothing of a run is in this process when the next one begins: arguments and environment are read by the child, all
descriptors of the run are closed, and whatever fails ends the guardian.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from contextlib import suppress
from typing import NoReturn

from jobs import clocks
from jobs.execution.isolation import child, marks, requests, system
from jobs.execution.isolation.orders import FENCE, TERMINATE, Orders

# What ends by itself so soon after the child, in seconds, wasn't left behind: the helpers of multiprocessing do.
MOMENT = 0.1
# How many descriptors come with a run: its socket, the request itself, stdout, stderr and the reports' pipe.
DESCRIPTORS = 5


def main(descriptor: int) -> NoReturn:
    """Guard what is asked for over this socket, run after run; ends this process."""
    status = 1
    try:
        os.setsid()
        system.adopt_orphans()
        worker = socket.socket(fileno=descriptor)
        worker.setblocking(True)  # whatever the project has set as the sockets' timeout
        wake = _wake_on_sigchld()
        while descriptors := _receive(worker):
            _guard(worker, wake, descriptors)
        status = 0
    except BaseException:  # noqa: BLE001 — nothing may return into the server's loop
        sys.excepthook(*sys.exc_info())
    finally:
        os._exit(status)


def refuse(worker: socket.socket, why: str) -> None:
    """Say to the supervisor of the run that waits on this socket why there is no guardian for it."""
    control_fd, *others = _receive(worker)
    for other in others:
        os.close(other)
    with socket.socket(fileno=control_fd) as control:
        control.sendall(json.dumps({"error": why}).encode() + b"\n")


def _receive(worker: socket.socket) -> list[int]:
    """The descriptors of the next run; none at the worker's end."""
    data, descriptors, _, _ = socket.recv_fds(worker, 1, DESCRIPTORS)
    if data and len(descriptors) < DESCRIPTORS:
        raise OSError("A guardian has no file descriptors left.")
    return descriptors


def _guard(worker: socket.socket, wake: tuple[int, int], descriptors: list[int]) -> None:
    """Guard one child until its tree is gone."""
    control_fd, request, *pipes = descriptors
    with socket.socket(fileno=control_fd) as control:
        fence, mark = requests.read_front(request)
        marks.put(mark)
        guardian = Guardian(worker, wake, control, fence)
        guardian.say({"guardian": os.getpid()})
        guardian.obey()
        # The run may have been given up, or fenced, while its request waited here.
        is_given_up = guardian.killing
        if not is_given_up:
            guardian.fork(request, *pipes)
        for descriptor in (request, *pipes):
            os.close(descriptor)
        if is_given_up:
            guardian.say({"fenced": guardian.fenced})
        else:
            guardian.guard()
        guardian.close()


class Guardian:
    """The child of one run, from inside its tree. `fence`: when to kill it unless the worker says more (since_boot)."""

    def __init__(self, worker: socket.socket, wake: tuple[int, int], control: socket.socket, fence: float) -> None:
        self._worker = worker
        self._wake = wake
        self._control = control
        self._control.setblocking(False)
        self._orders = Orders()
        self._fence = fence
        self._timer = os.timerfd_create(time.CLOCK_BOOTTIME) if system.LINUX else None
        self._poll = select.poll()
        for source in filter(None, (control.fileno(), wake[0], self._timer)):
            self._poll.register(source, select.POLLIN)
        self._cpu = 0.0
        self._peak_memory = 0
        self._process = 0
        self._wait_status: int | None = None
        self._ordered_at: float | None = None  # when the child was first sent a signal (time.monotonic)
        self._left_behind: list[str] = []
        self._is_alone = False  # the worker is gone
        self.fenced = False
        self.killing = False

    def say(self, message: dict[str, object]) -> None:
        with suppress(OSError):  # the worker is gone, or reads no more
            self._control.sendall(json.dumps(message).encode() + b"\n")

    def fork(self, request: int, stdout: int, stderr: int, reports: int) -> None:
        """Start the child."""
        guardian = os.getpid()
        # A SIGTERM that comes before the child has its handler waits for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM})
        try:
            self._process = os.fork()
        except OSError as error:
            self.say({"error": str(error)})
            raise
        if self._process == 0:
            signal.set_wakeup_fd(-1)
            for ours in filter(None, (self._worker.detach(), self._control.detach(), *self._wake, self._timer)):
                os.close(ours)
            child.main(request, guardian, stdout, stderr, reports)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    def close(self) -> None:
        """Keep nothing of this run; the caller closes its socket, by which the worker knows."""
        if self._timer is not None:
            os.close(self._timer)

    def guard(self) -> None:
        """Wait for the end of the child, end the rest of the tree, and hand in the receipt."""
        while not self._has_ended():
            self._wait()
            self.obey()
        self._kill_the_rest()
        assert self._wait_status is not None
        self.say(
            {
                "exit_code": os.waitstatus_to_exitcode(self._wait_status),
                "cpu": self._cpu,
                "peak_memory": self._peak_memory,
                "ordered_at": self._ordered_at,
                "fenced": self.fenced,
                "left_behind": self._left_behind,
            }
        )

    def obey(self) -> None:
        """Carry out what was ordered, and keep the fence: both before anything else, also after a long stop."""
        for order, moment in self._receive():
            if order == FENCE:
                self._fence = moment
            elif order == TERMINATE and self._process:
                self._signal(signal.SIGTERM)
                # One that is stopped hears nothing else.
                self._signal(signal.SIGCONT)
            else:
                self.killing = True
            self.say({"obeyed": order.decode()})
        if clocks.since_boot() >= self._fence:
            self.fenced = self.killing = True
        if self.killing:
            self._signal(signal.SIGKILL)

    def _receive(self) -> list[tuple[bytes, float]]:
        data = b""
        with suppress(BlockingIOError):
            with suppress(ConnectionResetError):  # the worker was killed before it read what we said
                while more := self._control.recv(4096):
                    data += more
            if not self._is_alone:
                self._poll.unregister(self._control)
            self._is_alone = self.killing = True
        return self._orders.take(data)

    def _wait(self) -> None:
        timeout = max(0.0, self._fence - clocks.since_boot())
        if self._timer is not None:
            # It counts while the machine sleeps; a timeout doesn't. 0 stops it.
            moment = 0.0 if self.killing else max(self._fence, 0.001)
            os.timerfd_settime(self._timer, flags=os.TFD_TIMER_ABSTIME, initial=moment)
        if self.killing:
            timeout = 0.1
        if any(descriptor == self._wake[0] for descriptor, _ in self._poll.poll(timeout * 1000 + 1)):
            os.read(self._wake[0], 4096)

    def _signal(self, number: signal.Signals) -> None:
        if not self._process:
            return
        if self._ordered_at is None:
            if self._has_ended():
                return
            self._ordered_at = time.monotonic()
        system.send(number, system.descendants(os.getpid()) or [self._process])

    def _has_ended(self) -> bool:
        """Reap all that has ended; whether the child is among it."""
        with suppress(ChildProcessError):
            while self._wait_status is None:
                ended, status = self._reap()
                if ended == 0:
                    break
                if ended == self._process:
                    self._wait_status = status
        return self._wait_status is not None

    def _reap(self) -> tuple[int, int]:
        """One process that has ended, with what it took; 0 where none has. Raises ChildProcessError: none is left."""
        ended, status, usage = os.wait4(-1, os.WNOHANG)
        if ended:
            self._cpu += usage.ru_utime + usage.ru_stime
            # Kilobytes on Linux, bytes on macOS.
            self._peak_memory = max(self._peak_memory, usage.ru_maxrss * (1024 if system.LINUX else 1))
        return ended, status

    def _kill_the_rest(self) -> None:
        """Nothing that the child started outlives it: background processes and daemons go too."""
        kill_at = time.monotonic() + (0 if self.killing else MOMENT)
        while True:
            try:
                ended, _ = self._reap()
            except ChildProcessError:
                return
            if ended == 0:
                if time.monotonic() >= kill_at:
                    rest = system.descendants(os.getpid())
                    if self._ordered_at is None and not self._left_behind:
                        self._left_behind = [system.name(process) for process in rest]
                    system.send(signal.SIGKILL, rest)
                time.sleep(0.005)


def _wake_on_sigchld() -> tuple[int, int]:
    """A pipe that can be read when a child has ended."""
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    for ignored in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ignored, signal.SIG_IGN)
    return wake, waker
