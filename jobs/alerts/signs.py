"""Signs about single jobs to watches outside: what nothing waits for, and whose failure is only logged."""

import atexit
import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from datetime import timedelta

log = logging.getLogger(__name__)

# Of a job whose watch hangs so many signs wait; of more, the newest count.
MOST = 10
# A process that ends gives so much time to the signs that it has begun.
AT_EXIT = timedelta(seconds=5)


class Signs:
    """Those of one job go one after the other, in a thread of their own: a job's watch that hangs holds up no other."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._waits_at_exit = False
        self._waiting: dict[str, deque[Callable[[], None]]] = {}

    @property
    def are_given(self) -> bool:
        """Whether none waits, and none is under way."""
        return not self._waiting

    def give(self, job: str, sign: Callable[[], None]) -> None:
        """Have it called soon. It takes no time, and fails nothing."""
        with self._lock:
            if job in self._waiting:
                self._waiting[job].append(sign)
                return
            self._waiting[job] = deque([sign], maxlen=MOST)
            if not self._waits_at_exit:
                # Not before: what registers last is called first, and Sentry's SDK closes itself then.
                self._waits_at_exit = True
                atexit.register(self.wait)
        try:
            threading.Thread(target=self._give_all, args=[job], name=f"jobs-signs-{job}", daemon=True).start()
        except RuntimeError:  # the system gives no thread, or the process ends
            with self._lock:
                del self._waiting[job]
            log.warning("job=%s: no thread can be started for its watch", job)

    def wait(self, patience: timedelta = AT_EXIT) -> None:
        """Let those that wait be given."""
        until = time.monotonic() + patience.total_seconds()
        while not self.are_given and time.monotonic() < until:
            time.sleep(0.02)

    def _give_all(self, job: str) -> None:
        while sign := self._next(job):
            try:
                sign()
            except Exception:
                log.exception("job=%s: a sign to its watch failed", job)

    def _next(self, job: str) -> Callable[[], None] | None:
        with self._lock:
            waiting = self._waiting[job]
            if waiting:
                return waiting.popleft()
            del self._waiting[job]
            return None


signs = Signs()
