"""Named points where a test makes the process fail. Nothing happens at them unless a test says so.

JOBS_FAULT=claim.after_commit     the process kills itself there, as SIGKILL from outside would
"""

import os
import signal

POINTS = (
    "birth.before_commit",
    "birth.after_commit",
    "claim.before_commit",
    "claim.after_commit",
    "fork.before",
    "fork.after",
    "exit.before",
    "exit.after",
    "finish.before_commit",
    "finish.after_commit",
    "ring.before",
    "ring.after",
)
FAULT = os.environ.get("JOBS_FAULT")


def point(name: str) -> None:
    """A place that the fault-injection tests know by name."""
    if name == FAULT:
        os.kill(os.getpid(), signal.SIGKILL)
