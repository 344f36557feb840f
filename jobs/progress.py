"""What a command may report of itself while it runs. Outside of a run all of it works, and does nothing.

from jobs.progress import track, report, cancelled

for row in track(rows, total=len(rows)):
    ...
report(result={"imported": 1234})
"""

import json
import os
import threading
import time
from collections.abc import Iterable, Iterator, Sized
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from jobs.declarations import bounds

# How often, at most, progress is sent on, in seconds.
INTERVAL = 1.0


@dataclass(frozen=True, slots=True)
class CurrentRun:
    """The run that this process executes."""

    id: int
    job: str
    attempt: int
    trigger: str
    scheduled_for: datetime | None


class _State:
    """What this process knows of its run; nothing outside of one."""

    def __init__(self) -> None:
        self.reports: int | None = None
        self.pipe: tuple[int, int] | None = None
        self.run: CurrentRun | None = None
        self.lock = threading.Lock()
        self.termination_asked = threading.Event()
        self.asks_for_termination = False
        self.progress: dict[str, Any] = {}
        self.sent_at = 0.0
        self.began_at = 0.0
        self.result: Any = None
        self.sql_statements = 0


_state = _State()


def current_run() -> CurrentRun | None:
    """The run that this process executes; None outside of one."""
    return _state.run


def cancelled() -> bool:
    """Whether this run was asked to end: cancelled, at its timeout, or at a shutdown.

    A command that calls this is trusted to end by itself soon: SIGTERM no longer ends it at once.
    """
    _state.asks_for_termination = True
    return _state.termination_asked.is_set()


def report(
    done: int | None = None, total: int | None = None, message: str | None = None, *, result: Any = None
) -> None:
    """Tell how far the run is, and what came of it (`result`: anything that JSON can carry)."""
    if _state.run is None:
        return
    if result is not None:
        _state.result = result
    reported = {"done": done, "total": total, "message": message}
    _state.progress |= {name: bounds.plain(value) for name, value in reported.items() if value is not None}
    if done is not None:
        elapsed = time.monotonic() - _state.began_at
        _state.progress["rate"] = round(done / elapsed, 3) if elapsed > 0 else None
    if time.monotonic() - _state.sent_at >= INTERVAL and _state.progress:
        _state.sent_at = time.monotonic()
        _send({"progress": _state.progress})


def track[T](rows: Iterable[T], total: int | None = None, message: str | None = None) -> Iterator[T]:
    """Give the rows on, and keep done, total, rate (rows a second) and message on the run."""
    if total is None and isinstance(rows, Sized):
        total = len(rows)
    done = 0
    report(0, total, message)
    for row in rows:
        yield row
        done += 1  # noqa: SIM113 — it is reported before the first row too
        report(done)


def attach(reports: int, run: dict[str, Any]) -> None:
    """Tell this process which run it executes, and the descriptor that its supervisor reads. For the child only."""
    scheduled_for = run["scheduled_for"]
    _state.__init__()  # type: ignore[misc]
    _state.reports = reports
    _state.pipe = _identity(reports)
    _state.began_at = time.monotonic()
    _state.run = CurrentRun(
        id=run["id"],
        job=run["job"],
        attempt=run["attempt"],
        trigger=run["trigger"],
        scheduled_for=datetime.fromisoformat(scheduled_for) if scheduled_for else None,
    )
    from django.db.backends.signals import connection_created

    connection_created.connect(_count_statements, dispatch_uid="jobs.progress")


def note_termination() -> bool:
    """SIGTERM came. True where the command has shown that it asks for it with `cancelled()`."""
    _state.termination_asked.set()
    return _state.asks_for_termination


def termination_asked() -> bool:
    """Whether SIGTERM came."""
    return _state.termination_asked.is_set()


def report_end(code: int, error: str, result: object) -> None:
    """The last report: how the command ended. What it reported as result comes before what it returned."""
    _send(
        {
            "progress": _state.progress or None,
            "end": {
                "code": code,
                "error": error[: bounds.LONGEST_ERROR + 1],  # one more, so that the supervisor sees that it was cut
                "result": bounds.result(_state.result if _state.result is not None else result),
                "sql_statements": _state.sql_statements,
                # Machine-wide: whether it was ordered to end before this is seen by its supervisor.
                "at": time.monotonic(),
            },
        }
    )


def _send(message: dict[str, Any]) -> None:
    # A command may have closed it (`os.closerange`): the number is a file of its own then.
    if _state.reports is None or _identity(_state.reports) != _state.pipe:
        return
    # SIGTERM may have cut the line before this one short.
    line = b"\n" + json.dumps(message).encode() + b"\n"
    with _state.lock:
        while line:
            try:
                line = line[os.write(_state.reports, line) :]
            except OSError:  # the supervisor is gone, and so will we be in a moment
                return


def _identity(descriptor: int) -> tuple[int, int] | None:
    try:
        found = os.fstat(descriptor)
    except OSError:
        return None
    return found.st_dev, found.st_ino


def _count_statements(connection: Any, **_: Any) -> None:
    def count(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        _state.sql_statements += 1
        return execute(sql, params, many, context)

    connection.execute_wrappers.append(count)
