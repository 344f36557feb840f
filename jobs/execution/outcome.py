"""How an attempt ended: judged from what was seen of it, without a clock, a process or a database."""

import signal
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from jobs.choices import AttemptStatus, Interrupted
from jobs.declarations.job import Job
from jobs.ledger.attempts import Outcome

FENCED = "No heartbeat reached the database for too long: it was killed before another attempt could start."
# The fault is in compiled code.
CRASHES = {"SIGSEGV", "SIGBUS", "SIGABRT", "SIGFPE", "SIGILL"}
# How many of the processes that a run left behind are named, and with how many characters.
NAMED = 5
LONGEST_NAME = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What was seen of an attempt that is over.

    `receipt` is its guardian's, None where that was killed: `exit_code` (below zero for a signal), `cpu`,
    `peak_memory`, `ordered_at` (when the child was ordered to end), `left_behind`. `end` is what the child reported as
    it ended: `at`, `error`, `result`, `sql_statements`. `stopping`: why it was ordered to end, None where it wasn't.
    """

    receipt: Mapping[str, Any] | None
    end: Mapping[str, Any] = field(default_factory=dict)
    progress: dict[str, Any] | None = None
    stopping: AttemptStatus | None = None
    fenced: bool = False
    has_begun: bool = True
    wall: timedelta = timedelta(0)
    output_bytes: int = 0
    output_dropped: int = 0
    warnings: int = 0
    matched: str = ""

    @property
    def exit_code(self) -> int | None:
        return (self.receipt or {}).get("exit_code")

    @property
    def ended_by_itself(self) -> bool:
        """Whether the child had come to its end, which it reports, before it was ordered to end."""
        if self.receipt is None:
            return False
        ordered_at, ended_at = self.receipt.get("ordered_at"), self.end.get("at")
        return ordered_at is None or (ended_at is not None and ended_at < ordered_at)


def judge(job: Job, seen: Evidence) -> Outcome:
    """What the attempt's end means. One that was ordered to end before it had ended was stopped, whatever it says."""
    code = seen.exit_code
    status, error = _status(job, seen)
    receipt = seen.receipt or {}
    return Outcome(
        status=status,
        exit_code=code if code is not None and code >= 0 else None,
        signal=signal_name(code) if code is not None and code < 0 else "",
        error=error,
        result=seen.end.get("result"),
        progress=seen.progress,
        wall=seen.wall,
        cpu=timedelta(seconds=receipt["cpu"]) if receipt else None,
        peak_memory=receipt.get("peak_memory"),
        sql_statements=seen.end.get("sql_statements"),
        output_bytes=seen.output_bytes,
        output_dropped=seen.output_dropped,
        warnings=seen.warnings,
        matched=seen.matched,
        begun=seen.has_begun,
    )


def of_a_fault(fault: Exception) -> Outcome:
    """The end of an attempt that Nightshift's own code can't watch any longer."""
    error = (
        f"Its supervisor failed with {type(fault).__name__}, which is a fault of Nightshift: the worker's log has it."
    )
    return Outcome(status=AttemptStatus.FAILED, error=error)


def left_behind(receipt: Mapping[str, Any] | None) -> str:
    """A sentence about the processes that ended with the run because it had left them behind, or nothing."""
    names = (receipt or {}).get("left_behind") or []
    if not names:
        return ""
    shown = "; ".join(name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…" for name in names[:NAMED])
    more = f"; and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return f"{len(names)} background {'process' if len(names) == 1 else 'processes'} ended with it: {shown}{more}"


def signal_name(code: int) -> str:
    """The signal that ended a process with this exit code, which is below zero."""
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"


def _status(job: Job, seen: Evidence) -> tuple[AttemptStatus, str]:
    """The status, and the sentence that explains it."""
    code = seen.exit_code
    if seen.stopping is not None and not seen.ended_by_itself:
        return seen.stopping, _why_stopped(job, seen.stopping, seen.has_begun)
    if code == 0:
        return AttemptStatus.SUCCEEDED, ""
    if seen.fenced and code in {None, -signal.SIGKILL}:
        return AttemptStatus.LOST, FENCED
    return AttemptStatus.FAILED, _why_failed(code, str(seen.end.get("error") or ""))


def _why_stopped(job: Job, stopping: AttemptStatus, has_begun: bool) -> str:
    match stopping:
        case AttemptStatus.TIMED_OUT:
            return f"Stopped at its timeout of {job.timeout}."
        case AttemptStatus.CANCELLED:
            return "Cancelled while it ran."
    if not has_begun:
        return "The worker shut down before it began."
    again = "" if job.interrupted is Interrupted.AGAIN else " It isn't run again (interrupted='fail')."
    return f"The worker shut down under it: it may have done all or part of its work.{again}"


def _why_failed(code: int | None, reported: str) -> str:
    if code is None:
        return "Its guardian was killed, and the child with it."
    if code >= 0:
        return reported or f"The command ended with exit code {code}."
    name = signal_name(code)
    if name == "SIGKILL":
        return "Killed by SIGKILL. The system does that to the largest process when memory runs out."
    if name in CRASHES:
        return f"Crashed with {name}: the fault is in compiled code, a library's or Python's."
    return f"Ended by {name}."
