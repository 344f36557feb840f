"""The clocks of this machine beside the database's, by which all moments are recorded: they may disagree."""

import time

# CLOCK_BOOTTIME also counts while the machine is suspended; macOS's monotonic clock does so under its own name.
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def elapsed() -> float:
    """Seconds by a clock that nobody sets, which also counts while the machine is suspended."""
    return time.clock_gettime(_BOOTTIME)
