"""The fork server: `python -m jobs.isolation.server FD`, with its end of a socket to the worker as that descriptor.

It loads Django once and then forks a guardian for each request. It holds no connection and starts no thread, so that
what it forks is whole. When Django doesn't load, it says why on the socket and ends.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import threading
import time
import traceback
from contextlib import suppress

from jobs.isolation import guardian, system

# How many descriptors come with a request: the guardian's socket, the request itself, stdout, stderr and the reports'
# pipe.
DESCRIPTORS = 5


def main(descriptor: int) -> None:
    worker = socket.socket(fileno=descriptor)
    # The child's parent is the guardian, the guardian's is this one: an orphan of either ends up here.
    system.adopt_orphans()
    try:
        load()
    except BaseException:
        _say(worker, {"failed": traceback.format_exc()})
        raise
    # Pages that the collector never touches again stay shared with every child.
    gc.collect()
    gc.freeze()
    _say(worker, {"ready_at": time.monotonic()})
    serve(worker)


def load() -> None:
    """Load Django and the commands of the declared jobs.

    Raises what Django raises; a command that can't be imported is left to the run that wants it.
    """
    import django

    django.setup()
    from django.core.management import get_commands, load_command_class
    from django.db import connections

    from jobs.declarations import registry

    connections.all()  # imports the driver; connects to nothing
    apps = get_commands()
    for command in {job.command for job in registry.values()} & apps.keys():
        try:
            load_command_class(apps[command], command)
        except Exception:  # noqa: BLE001 — a project's own code
            traceback.print_exc()
    if threading.active_count() > 1:
        names = ", ".join(thread.name for thread in threading.enumerate()[1:])
        raise RuntimeError(f"Loading Django started threads ({names}): a process with threads can't be forked safely.")


def serve(worker: socket.socket) -> None:
    """Fork a guardian for each request, until the worker ends."""
    guardians: set[int] = set()
    wake, waker = os.pipe()
    os.set_blocking(waker, False)
    signal.set_wakeup_fd(waker, warn_on_full_buffer=False)
    signal.signal(signal.SIGCHLD, lambda *_: None)
    poll = select.poll()
    for source in (worker.fileno(), wake):
        poll.register(source, select.POLLIN)
    while True:
        readable = {descriptor for descriptor, _ in poll.poll()}
        if wake in readable:
            os.read(wake, 4096)
            _reap(guardians)
        if worker.fileno() in readable:
            descriptors = _receive(worker)
            if descriptors is None:
                return
            process = _fork(descriptors)
            if process == 0:
                signal.set_wakeup_fd(-1)
                for ours in (worker.detach(), wake, waker):
                    os.close(ours)
                guardian.main(*descriptors)
            guardians.add(process)
            for descriptor in descriptors:
                os.close(descriptor)


def _receive(worker: socket.socket) -> list[int] | None:
    """The descriptors of the next request; None at the worker's end."""
    try:
        data, descriptors, _, _ = socket.recv_fds(worker, 1, DESCRIPTORS)
    except ConnectionResetError:  # the worker was killed before it read what we said
        return None
    return descriptors if data else None


def _fork(descriptors: list[int]) -> int:
    """Fork; where that fails say why to the run's supervisor."""
    try:
        if len(descriptors) < DESCRIPTORS:
            raise OSError("it has no file descriptors left.")
        return os.fork()
    except OSError as error:
        for control in descriptors[:1]:
            with socket.socket(fileno=os.dup(control)) as supervisor:
                _say(supervisor, {"error": str(error)})
        return -1


def _say(listener: socket.socket, message: dict[str, object]) -> None:
    with suppress(OSError):
        listener.sendall(json.dumps(message).encode() + b"\n")


def _reap(guardians: set[int]) -> None:
    """Take leave of guardians that ended. What one that was killed left behind is killed too."""
    all_well = True
    with suppress(ChildProcessError):
        while True:
            process, status = os.waitpid(-1, os.WNOHANG)
            if process == 0:
                break
            all_well &= process in guardians and status == 0
            guardians.discard(process)
    if all_well:
        return  # a guardian that ends by itself leaves nothing behind, and a look at all processes is dear
    # Our children are the guardians, and what a guardian that was killed left behind.
    for orphan in set(system.children(os.getpid())) - guardians:
        system.send(signal.SIGKILL, [orphan, *system.descendants(orphan)])


if __name__ == "__main__":
    main(int(sys.argv[1]))
