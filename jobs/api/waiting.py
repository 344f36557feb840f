"""A request that waits for a run's end, in the place of a client that asks again and again.

HTTP is served by the threads that also supervise runs. So only few requests may wait at a time, whatever comes in;
the others are answered at once. And one that waits holds no connection to the database: it looks once a second.
"""

import threading
import time

from django.db import connection

from jobs.choices import ENDED
from jobs.ledger.connections import threads
from jobs.models import Run

LONGEST = 20
PAUSE = 1
# One thread in eight: runs need one each, and there are four for each run that may run.
SHARE = 8
_places = threading.BoundedSemaphore(max(1, threads() // SHARE))


def until_ended(run: Run, seconds: float) -> bool:
    """Wait for the run's end, so many seconds at most. False where it hasn't ended, or too many others wait."""
    if run.status in ENDED or not seconds:
        return run.status in ENDED
    if not _places.acquire(blocking=False):
        return False
    try:
        return _waited(run.pk, time.monotonic() + min(seconds, LONGEST))
    finally:
        _places.release()


def _waited(run_id: int, deadline: float) -> bool:
    while (left := deadline - time.monotonic()) > 0:
        if not connection.in_atomic_block:
            connection.close()
        time.sleep(min(PAUSE, left))
        status = Run.objects.filter(pk=run_id).values_list("status", flat=True).first()
        if status is None or status in ENDED:
            return True
    return False
