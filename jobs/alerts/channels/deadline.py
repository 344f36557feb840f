"""One end for all that a delivery takes."""

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from queue import Empty, SimpleQueue


class Deadline:
    """Sockets are real, so it goes by a clock that no test moves."""

    def __init__(self, timeout: timedelta) -> None:
        self._end = time.monotonic() + timeout.total_seconds()

    def left(self) -> float:
        """Seconds. Raises TimeoutError where none are left."""
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def within[T](seconds: float, work: Callable[[], T]) -> T:
    """What `work` gives or raises. Raises TimeoutError after so many seconds: its thread is left to itself then.

    For what knows no deadline of its own, as the system's resolver of names.
    """
    done: SimpleQueue[tuple[T | None, BaseException | None]] = SimpleQueue()

    def run() -> None:
        try:
            done.put((work(), None))
        except BaseException as error:  # noqa: BLE001 — whoever waits raises it
            done.put((None, error))

    threading.Thread(target=run, name="jobs-alerts", daemon=True).start()
    try:
        result, error = done.get(timeout=seconds)
    except Empty:
        raise TimeoutError from None
    if error is not None:
        raise error
    return result  # type: ignore[return-value]  # it is a T where there is no error
