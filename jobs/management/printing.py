"""What the commands share when they print: the option --format, tables, JSON, and bytes as they are."""

import os
import select
import shutil
from collections.abc import Callable, Sequence
from typing import Any, TextIO

from django.utils import timezone

from jobs.commandline import out
from jobs.commandline.words import add_format, row_number, whole_number
from jobs.formats import table

__all__ = ["add_format", "as_json", "as_table", "row_number", "whole_number", "write", "write_patiently"]


def as_json(rows: Sequence[dict[str, Any]]) -> str:
    """The rows as one JSON array. Moments are written as the API writes them."""
    return out.as_json(rows, timezone.localtime)


def as_table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The rows as wide as the terminal."""
    return table(headings, rows, shutil.get_terminal_size((out.DEFAULT_WIDTH, 24)).columns)


def write(stream: TextIO, data: bytes) -> None:
    """Write bytes as they are. Where nobody reads any more (`| head`), they go nowhere."""
    try:
        stream.buffer.write(data)
        stream.buffer.flush()
    except BrokenPipeError:
        _lead_nowhere(stream)


def write_patiently(stream: TextIO, data: bytes, is_given_up: Callable[[], bool]) -> None:
    """Write bytes as they are, as fast as somebody reads them, and no longer once that is given up.

    A thread that were stuck in a write would keep the stream locked, and this process from its end.
    """
    stream.flush()
    try:
        descriptor = stream.fileno()
    except OSError:  # a test's
        write(stream, data)
        return
    room = select.poll()
    room.register(descriptor, select.POLLOUT)
    while data and not is_given_up():
        if room.poll(100):
            try:
                # What has room takes as much without a wait.
                data = data[os.write(descriptor, data[: select.PIPE_BUF]) :]
            except BrokenPipeError:
                _lead_nowhere(stream)


def _lead_nowhere(stream: TextIO) -> None:
    # What the stream still holds would be complained about when Python ends.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, stream.fileno())
    os.close(nowhere)
