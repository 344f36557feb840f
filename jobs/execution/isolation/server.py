"""The fork server: `python -m jobs.execution.isolation.server FD PYTHONPATH KIND [VARIABLE …]`.

FD is its socket to the worker. The variables chose its allocator (memory.py) and are no run's business.

It loads Django once (loading.py) and then forks a guardian whenever one more is asked for. It holds no connection and
starts no thread, so that what it forks is whole. When Django doesn't load, it says why on the socket and ends.
"""

import gc
import json
import os
import select
import signal
import socket
import sys
import time
import traceback
from contextlib import suppress

from jobs.execution.isolation import guardian, loading, streams, system


def main(descriptor: int, pythonpath: str, bare: bool, *ours: str) -> None:
    """`pythonpath` is what runs find in PYTHONPATH; a `bare` server loads nothing, and its runs load all themselves.

    `ours` are variables of its environment that no run finds in its own.
    """
    worker = socket.socket(fileno=descriptor)
    loading.OURS.add(descriptor)
    # The child's parent is the guardian, the guardian's is this one: an orphan of either ends up here.
    system.adopt_orphans()
    streams.prepare()
    # Ours has the standard library in it, which is not that of every Python that a command may start.
    for name in ("PYTHONPATH", *ours):
        os.environ.pop(name, None)
    if pythonpath:
        os.environ["PYTHONPATH"] = pythonpath
    try:
        loaded = loading.Loaded() if bare else loading.load()
    except BaseException:
        _say(worker, {"failed": traceback.format_exc()})
        raise
    _say(worker, {"notes": loaded.notes})
    if loaded.threads:
        # It can't be forked safely.
        _say(worker, {"threads": loaded.threads})
        os._exit(0)  # nobody waits for the threads
    # Pages that the collector never touches again stay shared with every child.
    gc.collect()
    gc.freeze()
    _say(worker, {"ready_at": time.monotonic()})
    serve(worker)


def serve(worker: socket.socket) -> None:
    """Fork a guardian for each socket that comes, until the worker ends."""
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
            # What stands in a buffer would be written by every child.
            streams.flush()
            for descriptor in descriptors:
                if process := _fork(descriptor):
                    guardians.add(process)
                    os.close(descriptor)
                else:
                    signal.set_wakeup_fd(-1)
                    for ours in (worker.detach(), wake, waker):
                        os.close(ours)
                    guardian.main(descriptor)


def _receive(worker: socket.socket) -> list[int] | None:
    """The next guardian's socket; None at the worker's end."""
    try:
        data, descriptors, _, _ = socket.recv_fds(worker, 1, 1)
    except ConnectionResetError:  # the worker was killed before it read what we said
        return None
    return descriptors if data else None


def _fork(descriptor: int) -> int:
    """Fork; where that fails say why to the supervisor of the run that waits."""
    try:
        return os.fork()
    except OSError as error:
        with socket.socket(fileno=os.dup(descriptor)) as waiting:
            waiting.setblocking(False)
            with suppress(OSError, ValueError):  # none waits
                guardian.refuse(waiting, str(error))
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
        return  # a guardian that ends by itself leaves nothing behind, and a look at all processes is expensive
    # Our children are the guardians, and what a guardian that was killed left behind.
    for orphan in set(system.children(os.getpid())) - guardians:
        system.send(signal.SIGKILL, [orphan, *system.descendants(orphan)])


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2], sys.argv[3] == "bare", *sys.argv[4:])
