"""What a command needs of its terminal: three streams that are there, and the signals that end it."""

import os
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# A terminal's Ctrl-C, a `kill`, and a terminal that is closed.
ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def open_missing_streams() -> None:
    """Have stdin, stdout and stderr, where the caller closed them (`>&-`), lead nowhere.

    Python has None in their place then, and the next file or socket would get their descriptor.
    """
    while (descriptor := os.open(os.devnull, os.O_RDWR)) <= 2:
        os.set_inheritable(descriptor, True)  # the fork server writes to it too
    os.close(descriptor)
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode))  # noqa: SIM115 — for as long as the process lives


def heard() -> tuple[signal.Signals, ...]:
    """The signals that end this process; not those that its caller had it ignore, as nohup does."""
    return tuple(number for number in ENDING if signal.getsignal(number) is not signal.SIG_IGN)


class Asked(KeyboardInterrupt):
    """A signal asked for the end. `exit_code` is what a shell expects of whoever obeys."""

    def __init__(self, number: int) -> None:
        super().__init__()
        self.exit_code = 128 + number


def _ask(number: int, frame: FrameType | None) -> None:
    raise Asked(number)


@contextmanager
def ends_as_ctrl_c() -> Iterator[None]:
    """In this block each of these signals raises Asked, a KeyboardInterrupt, in the main thread."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before: dict[signal.Signals, Callable[[int, FrameType | None], object] | int | None] = {
        number: signal.signal(number, _ask) for number in heard()
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
