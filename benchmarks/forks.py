"""The floor of isolation: `python -m benchmarks.forks` forks a process with Django loaded for each byte it is sent.

It loads what the fork server loads; the child ends at once, and its end is answered with a byte.
"""

import gc
import os
import sys


def main() -> None:
    from jobs.execution.isolation.loading import load

    load()
    gc.collect()
    gc.freeze()
    os.write(1, b"!")
    while os.read(0, 1):
        if (process := os.fork()) == 0:
            os._exit(0)
        os.waitpid(process, 0)
        os.write(1, b"!")


if __name__ == "__main__":
    sys.exit(main())
