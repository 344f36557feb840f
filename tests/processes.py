"""What tests ask of real processes."""

import time


def is_alive(pid):
    try:
        with open(f"/proc/{pid}/stat") as stat:
            return stat.read().rpartition(")")[2].split()[0] not in {"Z", "X"}
    except OSError:
        return False


def parent_of(pid):
    with open(f"/proc/{pid}/stat") as stat:
        return int(stat.read().rpartition(")")[2].split()[1])


def until(condition, seconds=10.0, what="it"):
    """Wait for a condition; fail where it doesn't come about in time."""
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, f"{what} didn't come about in {seconds} s"
        time.sleep(0.01)
    return found
