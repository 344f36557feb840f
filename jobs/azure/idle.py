"""How many of the worker's threads keep a database connection between two calls.

Each thread keeps its own (docs/decisions/0004-no-connection-pool.md), and Django closes one that got old only when its
thread is called again: without a bound a quiet app would hold as many as it has threads.
"""

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connections

# As many as a pool would need to be as fast (benchmarks/pool.py).
MOST = 8
_lock = threading.Lock()
_waiting: set[int] = set()


@contextmanager
def bounded() -> Iterator[None]:
    """Around a call: afterwards the thread's connections are closed, if enough other threads keep theirs."""
    thread = threading.get_ident()
    with _lock:
        _waiting.discard(thread)
    try:
        yield
    finally:
        with _lock:
            keeps = len(_waiting) < MOST
            if keeps:
                _waiting.add(thread)
        if not keeps:
            connections.close_all()
