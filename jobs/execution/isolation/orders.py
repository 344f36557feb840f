"""What a worker orders of a guardian, and how it is written on their socket: a letter and a moment, nine bytes."""

import struct

TERMINATE = b"T"  # send SIGTERM to the whole tree
KILL = b"K"  # kill the whole tree
FENCE = b"F"  # kill it at this moment (clocks.since_boot) unless a later one is given before

_FORM = struct.Struct("<cd")


def write(order: bytes, moment: float = 0.0) -> bytes:
    """The order as bytes."""
    return _FORM.pack(order, moment)


class Orders:
    """Reads orders from what has come of them so far."""

    def __init__(self) -> None:
        self._rest = b""

    def take(self, data: bytes) -> list[tuple[bytes, float]]:
        """The orders that are complete now."""
        data = self._rest + data
        whole = len(data) // _FORM.size * _FORM.size
        self._rest = data[whole:]
        return list(_FORM.iter_unpack(data[:whole]))
