"""A run's row, as a statement left it."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs.choices import Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A run, as the present transaction left it. `reason` is of one that never started.

    For the alerts: `error` says why it didn't succeed, `took` how long its attempt did, `matched` is the line of its
    output that a rule looks for. `excused`: an operator caused its end, and nobody needs to hear of it.
    """

    run_id: int
    job: str
    status: Status
    scheduled_for: datetime | None
    reason: str = ""
    error: str = ""
    took: timedelta | None = None
    matched: str = ""
    excused: bool = False
