"""Named points where a test makes the process fail. Nothing happens at them unless a test says so.

JOBS_FAULT=claim.after_commit     the process kills itself there, as SIGKILL from outside would
JOBS_FAULT=claim.after_commit:STOP     it is frozen there, as a host that is cut off or suspended
"""

import os
import signal
import threading

POINTS = (
    "settle.before_commit",
    "settle.after_commit",
    "claim.before_commit",
    "claim.after_commit",
    "fork.before",
    "fork.after",
    "exit.before",
    "exit.after",
    "end.before_judging",
    "end.before_commit",
    "end.after_commit",
    "ring.before",
    "ring.after",
)
# Those of the process that delivers messages.
OUTBOX = (
    "decide.before_commit",
    "decide.after_commit",
    "lease.after_commit",
    "send.after",
    "answer.after_commit",
)
FAULT, _, STOP = os.environ.get("JOBS_FAULT", "").partition(":")


def point(name: str) -> None:
    """A place that the fault-injection tests know by name."""
    if name == FAULT:
        # To this thread: sent to the process, it may find another one first, and this one goes on a little.
        signal.pthread_kill(threading.get_ident(), signal.SIGSTOP if STOP else signal.SIGKILL)
