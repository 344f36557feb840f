"""A request for a run, as a file without a name: however long it is, nobody waits until it is read.

A guardian reads only what is in front, the mark and the fence. Arguments and environment are for the child alone: what
a guardian had read of one run, the next run's child would have in its memory.
"""

import json
import os
import struct
import sys
import tempfile
from typing import IO, Any

from jobs.execution.isolation import marks

_FRONT = struct.Struct(f"<d{marks.LENGTH}s")


def write(request: dict[str, Any]) -> IO[bytes]:
    """The request (command, arguments, environment, run, mark, fence) as an open file."""
    file: IO[bytes]
    if sys.platform == "linux":
        file = os.fdopen(os.memfd_create("request"), "wb+")
    else:
        file = tempfile.TemporaryFile()  # noqa: SIM115 — the caller closes it
    file.write(_FRONT.pack(request["fence"], request["mark"].encode()))
    file.write(json.dumps(request).encode())
    file.flush()
    return file


def read_front(descriptor: int) -> tuple[float, str]:
    """The fence (clocks.since_boot) and the mark."""
    fence, mark = _FRONT.unpack(os.pread(descriptor, _FRONT.size, 0))
    return fence, mark.rstrip(b"\0").decode()


def read(descriptor: int) -> dict[str, Any]:
    """The whole request; closes the file."""
    with open(descriptor, "rb") as file:
        file.seek(_FRONT.size)
        request: dict[str, Any] = json.load(file)
    return request
