"""What runs below a host, found in /proc."""

import os
import signal
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Process:
    pid: int
    parent: int
    state: str
    command: str


@dataclass(kw_only=True)
class Tree:
    """The processes of one host by their parts: host, fork server, guardians, children with all below them."""

    host: list[int] = field(default_factory=list)
    servers: list[int] = field(default_factory=list)
    guardians: list[int] = field(default_factory=list)
    children: list[int] = field(default_factory=list)

    @property
    def all(self) -> list[int]:
        return [*self.host, *self.servers, *self.guardians, *self.children]


def marked(mark: str) -> list[Process]:
    """The living processes with this text in the environment that they were started with."""
    found = []
    for entry in os.scandir("/proc"):
        if entry.name.isdecimal():
            with suppress(OSError):
                folder = Path(entry.path)
                if mark.encode() not in (folder / "environ").read_bytes().split(b"\0"):
                    continue
                state, parent = (folder / "stat").read_text().rpartition(")")[2].split()[:2]
                command = (folder / "cmdline").read_bytes().replace(b"\0", b" ").decode(errors="replace")
                if state not in {"Z", "X"}:
                    found.append(Process(pid=int(entry.name), parent=int(parent), state=state, command=command))
    return found


def tree(mark: str, host: int) -> Tree:
    """The parts of the host with this pid."""
    below = defaultdict(list)
    for process in marked(mark):
        below[process.parent].append(process)
    found = Tree(host=[host])
    for server in below[host]:
        if "jobs.execution.isolation.server" in server.command:
            found.servers.append(server.pid)
    for server in found.servers:
        found.guardians += [guardian.pid for guardian in below[server]]
    waiting = list(found.guardians)
    while waiting:
        for child in below[waiting.pop()]:
            found.children.append(child.pid)
            waiting.append(child.pid)
    return found


def send(number: signal.Signals, pids: list[int]) -> None:
    for pid in pids:
        with suppress(ProcessLookupError):
            os.kill(pid, number)


def exists(pid: int) -> bool:
    with suppress(OSError):
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in {"Z", "X"}
    return False


def run_of(pid: int) -> int | None:
    """The run that a process was started by, where it was started by a command."""
    with suppress(OSError):
        for variable in Path(f"/proc/{pid}/environ").read_bytes().split(b"\0"):
            if variable.startswith(b"JOBS_RUN="):
                return int(variable.partition(b"=")[2])
    return None
