"""The same thing done several times at the same moment, each on a connection of its own."""

import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connections


def at_once(work, arguments):
    """Call `work` with each argument, all at once, and give its answers. What one of them raises is raised here."""
    arguments = list(arguments)
    barrier = threading.Barrier(len(arguments))

    def one(argument):
        try:
            barrier.wait(20)
            return work(argument)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(arguments)) as pool:
        return list(pool.map(one, arguments))
