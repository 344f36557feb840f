"""A peer's side of the benchmarks, in its own virtual environment: `python -m benchmarks.peers.rq` reads orders.

Each line of its stdin is an order: `noop 40` asks for so many tasks and waits until all are done; `stay FILE` asks for
one that stays. Each is answered by a line.
"""

import sys
import time
from collections.abc import Callable

LONGEST = 300.0  # seconds


def obey(ask: Callable[[str, tuple[str, ...], int], object], done: Callable[[], int]) -> None:
    """`ask` for tasks by name, arguments and number; `done` says how many have ended so far."""
    print("ready", flush=True)
    for line in sys.stdin:
        name, word = line.split()
        if name == "stay":
            ask(name, (word,), 1)
        else:
            expected = done() + int(word)
            ask(name, (), int(word))
            end = time.monotonic() + LONGEST
            while done() < expected:
                assert time.monotonic() < end, "the tasks weren't done in time"
                time.sleep(0.005)
        print("done", flush=True)
