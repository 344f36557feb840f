"""Output shown while a run is at work, to somebody who may read slowly, or not at all."""

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

# How many bytes may wait to be shown before no more is taken from the run.
ROOM = 1024 * 1024
# How long, in seconds, whoever reads is still waited for once the end was asked for.
LAST_WORDS = 2.0


class Echo:
    """Shows output from a thread of its own: a pipe that nobody reads holds up nothing but what is written to it."""

    def __init__(self, show: Callable[[bytes, bool], None]) -> None:
        self._show = show
        self._changed = threading.Condition()
        self._waiting: deque[tuple[bytes, bool]] = deque()
        self._size = 0
        self._is_hurried = False
        self.is_given_up = False  # nobody is waited for any more
        self.wake: Callable[[], None] = lambda: None  # called when there is room again
        threading.Thread(target=self._run, name="jobs-echo", daemon=True).start()

    @property
    def is_full(self) -> bool:
        """Whether a run had better wait with what it writes, as it would at a pipe that is full."""
        return self._size >= ROOM

    def put(self, data: bytes, is_stderr: bool) -> None:
        """Show this soon."""
        with self._changed:
            self._waiting.append((data, is_stderr))
            self._size += len(data)
            self._changed.notify_all()

    def hurry(self) -> None:
        """The end was asked for: wait for whoever reads only a little longer."""
        with self._changed:
            self._is_hurried = True
            self._changed.notify_all()

    def drain(self) -> None:
        """Wait until all is shown, for as long as whoever reads takes, unless the end is asked for."""
        with self._changed:
            self._changed.wait_for(lambda: not self._waiting or self._is_hurried)
            self.is_given_up = not self._changed.wait_for(lambda: not self._waiting, LAST_WORDS)

    def _run(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting)
                data, is_stderr = self._waiting[0]
            with suppress(OSError, ValueError):  # whoever looked on has gone; the run goes on
                self._show(data, is_stderr)
            with self._changed:
                was_full = self.is_full
                self._waiting.popleft()
                self._size -= len(data)
                self._changed.notify_all()
            if was_full and not self.is_full:
                self.wake()
