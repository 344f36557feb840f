"""How many requests a user or token may make in a minute.

Each process counts for itself, in memory: this protects its threads, which the runs need too, and costs no write.
"""

import threading
import time
from collections import Counter
from typing import Any

from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from jobs.conf import conf


class Minute:
    """What was asked in this minute, by whom."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._began = 0.0
        self._counts: Counter[str] = Counter()

    def count(self, who: str) -> int:
        with self._lock:
            if time.monotonic() - self._began >= 60:
                self._began, self._counts = time.monotonic(), Counter()
            self._counts[who] += 1
            return self._counts[who]

    def left(self) -> float:
        """Seconds until the next one."""
        return max(1.0, self._began + 60 - time.monotonic())


this_minute = Minute()


class PerActor(BaseThrottle):
    """JOBS_API_RATE for each user or token. What answers without an account isn't counted."""

    def allow_request(self, request: Request, view: Any) -> bool:
        actor = getattr(view, "actor", None)
        if actor is None or not conf.JOBS_API_RATE:
            return True
        return this_minute.count(f"{actor.name}/{actor.token}") <= conf.JOBS_API_RATE

    def wait(self) -> float:
        return this_minute.left()
