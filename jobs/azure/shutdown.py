"""SIGTERM to the worker: a deployment, a scale-in, a restart. Runs get time to end, then they are interrupted."""

import logging
import os
import signal
import threading
import time
from datetime import timedelta
from types import FrameType

from jobs import telemetry

log = logging.getLogger(__name__)

# How long a container gets to stop, in seconds, unless an app setting says otherwise.
# docs/reference/azure.md, "The container"
PLATFORM_DEFAULT = 5
# Of that, what interrupted runs get to tidy up, and what the worker itself takes.
GRACE = timedelta(seconds=10)
RESERVE = timedelta(seconds=5)
# Of the worker's own part: how long telemetry may take to go, and what has to be left when it has.
FLUSH = timedelta(seconds=2)
LAST = timedelta(seconds=0.5)


def listen() -> None:
    """Handle SIGTERM. The worker library installs no handler, so the signal would end it at once."""
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _leave)
    else:
        log.error("SIGTERM isn't handled, because the app wasn't loaded in the main thread. A stop kills running runs.")


def stop_time() -> timedelta:
    """How long the platform waits between SIGTERM and SIGKILL."""
    return timedelta(seconds=float(os.environ.get("WEBSITES_CONTAINER_STOP_TIME_LIMIT") or PLATFORM_DEFAULT))


def _leave(number: int, frame: FrameType | None) -> None:
    # The signal's handler runs between two lines of the main thread: it only starts what takes time.
    threading.Thread(target=_shut_down, name="jobs-leaving").start()


def _shut_down() -> None:
    from jobs.execution.worker import this_worker  # the host needn't wait for it when it starts the worker

    began = time.monotonic()
    available = stop_time()
    grace = min(GRACE, available / 2)
    this_worker.shut_down(max(available - grace - RESERVE, timedelta(0)), grace)
    left = available - timedelta(seconds=time.monotonic() - began)
    telemetry.flush(max(min(FLUSH, left - LAST), timedelta(0)))
    # Nothing is left to do, and the worker's own threads would keep the process alive.
    os._exit(128 + signal.SIGTERM)
