#!/usr/bin/env python3.13
"""The container's first process: `init.py COMMAND …`. It starts the command, hands signals on, reaps, and ends in time.

Why not tini or dumb-init, which Debian has: they signal one process, or one process group, and then wait for the host.
A host that drains (FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING) sleeps for ten minutes in its handler and never ends by
itself (WebJobsScriptHostService.cs), so that each stop would last to the platform's SIGKILL; and whether the worker is
in the host's group is the host's business.

So: SIGTERM goes to the host and to whatever lives in its session, which the worker does. What the worker has put into
sessions of their own, the runs, hears nothing: the worker gives them their time (jobs/azure/shutdown.py). When all who
were asked to end have ended, the host has a second for its own end, and then nothing is left running.
"""

import os
import signal
import sys
import time
from contextlib import suppress
from typing import NoReturn

# What the platform waits between SIGTERM and SIGKILL, in seconds, unless the app's settings say otherwise.
PLATFORM_DEFAULT = 5.0
# We are done this long before it.
RESERVE = 0.5
# What the host gets, in seconds, once its workers have ended.
HOSTS_END = 1.0
# How often to check whether the workers have ended: they aren't our children, so we get no signal.
LOOK = 0.05

STOPS = {signal.SIGTERM, signal.SIGINT, signal.SIGQUIT}
# What else a process gets from outside is the host's to hear.
HANDED_ON = {signal.SIGHUP, signal.SIGUSR1, signal.SIGUSR2, signal.SIGWINCH}


class Host:
    """The command, in a session of its own."""

    def __init__(self, command: list[str]) -> None:
        # Python ignores SIGPIPE for itself; the command starts with all signals as they are.
        self.pid = os.posix_spawnp(
            command[0], command, os.environ, setsid=True, setsigmask=[], setsigdef=[signal.SIGPIPE, signal.SIGXFSZ]
        )
        self.status: int | None = None

    def reap(self) -> None:
        """Take leave of all children that ended: orphans come to us, as to any first process."""
        with suppress(ChildProcessError):
            while (ended := os.waitpid(-1, os.WNOHANG)) != (0, 0):
                if ended[0] == self.pid:
                    self.status = ended[1]

    def session(self) -> set[tuple[int, int]]:
        """All living processes of the session but the host itself: pid, and when each started."""
        found = set()
        for name in filter(str.isdecimal, os.listdir("/proc")):
            with suppress(OSError), open(f"/proc/{name}/stat", encoding="utf-8", errors="replace") as stat:
                # The second field is the program's name in brackets and may hold anything.
                fields = stat.read().rpartition(")")[2].split()
                if fields[0] not in "ZX" and int(fields[3]) == self.pid != int(name):
                    found.add((int(name), int(fields[19])))
        return found

    def code(self) -> int:
        """The exit code, as a shell reports it."""
        assert self.status is not None
        code = os.waitstatus_to_exitcode(self.status)
        return code if code >= 0 else 128 - code


def main(command: list[str]) -> NoReturn:
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGCHLD, *STOPS, *HANDED_ON})
    limit = stop_time()
    host = Host(command)
    while host.status is None:
        number = signal.sigwait({signal.SIGCHLD, *STOPS, *HANDED_ON})
        if number in STOPS:
            leave(host, time.monotonic() + limit - RESERVE)
        elif number in HANDED_ON:
            send(number, host.pid)
        host.reap()
    # Runs at work can't be reached any more: each has a guardian, which ends it where its worker has gone.
    kill_all(host)
    sys.exit(host.code())


def stop_time() -> float:
    """How long the platform waits, in seconds."""
    given = os.environ.get("WEBSITES_CONTAINER_STOP_TIME_LIMIT") or PLATFORM_DEFAULT
    try:
        return float(given)
    except ValueError:
        sys.exit(f"WEBSITES_CONTAINER_STOP_TIME_LIMIT is {given!r}. Write a number of seconds.")


def leave(host: Host, deadline: float) -> NoReturn:
    """End everything before the deadline (time.monotonic): the workers in their own time, then the host."""
    asked = host.session()  # a worker that the host starts from now on has no run, and is not waited for
    for process in (host.pid, *(pid for pid, _ in asked)):
        send(signal.SIGTERM, process)
    while time.monotonic() < deadline and asked & host.session():
        signal.sigtimedwait({signal.SIGCHLD}, LOOK)
        host.reap()
    in_time = time.monotonic() < deadline
    hosts_deadline = min(deadline, time.monotonic() + HOSTS_END)
    while host.status is None and time.monotonic() < hosts_deadline:
        signal.sigtimedwait({signal.SIGCHLD}, LOOK)
        host.reap()
    kill_all(host)
    # Ended as asked, though a draining host is always killed; 137 is what the platform itself would have made of it.
    sys.exit(128 + (signal.SIGTERM if in_time else signal.SIGKILL))


def kill_all(host: Host) -> None:
    """Leave nothing: in a container all processes, elsewhere the session."""
    if os.getpid() == 1:
        send(signal.SIGKILL, -1)
        return
    for process in (host.pid, *(pid for pid, _ in host.session())):
        send(signal.SIGKILL, process)


def send(number: int, process: int) -> None:
    with suppress(ProcessLookupError):
        os.kill(process, number)


if __name__ == "__main__":
    main(sys.argv[1:])
