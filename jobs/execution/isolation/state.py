"""What a process has that one command's import could change for all others, as it is at a moment."""

import builtins
import datetime
import decimal
import locale
import logging
import os
import resource
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

# Descriptors of these are the same for everybody.
HARMLESS = {"/dev/null", "/dev/urandom", "/dev/random"}
SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD, signal.SIGPIPE, signal.SIGALRM, signal.SIGUSR1)
# A library whose threads end at a fork (OpenBLAS) or with what they were for takes a moment, in seconds.
SETTLING = 0.5


def look() -> dict[str, Any]:
    """What there is, by the name that a person knows it by."""
    from django.utils import timezone, translation

    root = logging.root
    return {
        "the working directory": _working_directory(),
        "the umask": _umask(),
        "os.environ": dict(os.environ),
        "sys.path": list(sys.path),
        "the locale": locale.setlocale(locale.LC_ALL),
        "the decimal context": (repr(decimal.getcontext()), repr(decimal.DefaultContext)),
        "the sockets' timeout": socket.getdefaulttimeout(),
        "the root logger": (root.manager.disable, root.level, [id(handler) for handler in root.handlers]),
        "the hooks of sys": [id(hook) for hook in (sys.excepthook, threading.excepthook, sys.unraisablehook)],
        "sys.stdout or sys.stderr": (id(sys.stdout), id(sys.stderr)),
        "signal handlers": [signal.getsignal(number) for number in SIGNALS],
        "resource limits": [resource.getrlimit(limit) for limit in (resource.RLIMIT_NOFILE, resource.RLIMIT_AS)],
        "the recursion limit": sys.getrecursionlimit(),
        "the active language": translation.get_language(),
        "the active time zone": timezone.get_current_timezone_name(),
        "Python's own functions": [id(thing) for thing in _patched_by_some()],
        "open descriptors": descriptors(),
    }


def differences(before: dict[str, Any], after: dict[str, Any]) -> list[str]:
    """What has changed, in words."""
    return [
        f"{name} ({_details(before[name], value)})" if isinstance(value, dict) else name
        for name, value in after.items()
        if value != before[name]
    ]


def _details(before: dict[Any, str], after: dict[Any, str]) -> str:
    """Of `os.environ` the names, since values may be secret; of descriptors what they lead to."""
    changed = {key for key, _ in before.items() ^ after.items()}
    return ", ".join(sorted({str(after.get(key, "closed")) if isinstance(key, int) else key for key in changed}))


def descriptors() -> dict[int, str]:
    """The open descriptors above stderr, and what each leads to. None where the system has no /proc."""
    found = {}
    with suppress(OSError):
        for name in os.listdir("/proc/self/fd"):
            with suppress(OSError):  # the list's own has closed
                target = os.readlink(f"/proc/self/fd/{name}")
                if int(name) > 2 and target not in HARMLESS:
                    found[int(name)] = target
    return found


def threads() -> list[str]:
    """The threads of this process beside the main one, Python's by their names; libraries' own are counted."""
    if _tasks() == threading.active_count() == 1:
        return []
    end = time.monotonic() + SETTLING
    while True:
        # Libraries that know of forks end their threads at one.
        if (process := os.fork()) == 0:
            os._exit(0)
        os.waitpid(process, 0)
        names = [thread.name for thread in threading.enumerate() if thread is not threading.main_thread()]
        native = _tasks() - 1 - len(names)
        if native > 0:
            names.append(f"{native} of a library's own")
        if not names or time.monotonic() > end:
            return names
        time.sleep(0.02)


def close_connections() -> None:
    """Close what Django would share with every child: databases, their pools, and caches."""
    from django.core.cache import caches
    from django.db import connections

    connections.close_all()
    for connection in connections.all(initialized_only=True):
        if hasattr(connection, "close_pool"):
            connection.close_pool()
    caches.close_all()


def _tasks() -> int:
    try:
        return len(os.listdir("/proc/self/task"))
    except OSError:
        return threading.active_count()


def _working_directory() -> str:
    try:
        return os.getcwd()
    except OSError:
        return ""


def _umask() -> int:
    # It can't be read otherwise. There is no other thread here that would create a file meanwhile.
    mask = os.umask(0o022)
    os.umask(mask)
    return mask


def _patched_by_some() -> Iterable[object]:
    """What gevent, freezegun, typeguard and the like put something else in the place of."""
    return (
        *(builtins.open, builtins.print, builtins.__import__),
        *(time.sleep, time.time, datetime.datetime, datetime.date),
        *(socket.socket, socket.create_connection, subprocess.Popen, threading.Thread, os.fork),
    )
