"""Which process this is, in words that another one can check."""

import os
import socket
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from jobs import procfs
from jobs.conf import conf


@dataclass(frozen=True, slots=True)
class Instance:
    """`name`: the machine or container. `supervisor`: the process on it. `release`: the code it runs."""

    name: str
    supervisor: str
    release: str


def current() -> Instance:
    """This process."""
    # The pid is the key: a forked process isn't its parent.
    return _of(os.getpid())


@cache
def _of(pid: int) -> Instance:
    return Instance(
        name=os.environ.get("WEBSITE_INSTANCE_ID") or socket.gethostname(),
        supervisor=f"{_namespace()}/{pid}/{_started(pid)}",
        release=conf.JOBS_RELEASE,
    )


def is_dead(supervisor: str) -> bool:
    """Whether that process has certainly ended.

    Only a process of the same process namespace can be looked up: a container's pid means nothing outside of it.
    """
    namespace, pid, started = supervisor.split("/")
    return bool(namespace) and namespace == _namespace() and _started(int(pid)) != started


def _namespace() -> str:
    """The machine's boot and its process namespace; empty where the system doesn't say (macOS)."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}:{os.stat('/proc/self/ns/pid').st_ino}"
    except OSError:
        return ""


def _started(pid: int) -> str:
    """When the process started; empty for a dead one."""
    found = procfs.stat(pid)
    return "" if found is None or found.has_ended else found.started
