"""A run's row, as a statement left it."""

from dataclasses import dataclass
from datetime import datetime

from jobs.choices import Status


@dataclass(frozen=True, kw_only=True, slots=True)
class Changed:
    """A run, as the present transaction left it. `reason` is of one that never started."""

    run_id: int
    job: str
    status: Status
    scheduled_for: datetime | None
    reason: str = ""
