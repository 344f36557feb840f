"""What happened, as plain rows: what the checker judges, and what a test can write down by hand."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import NamedTuple

ENDED = {"succeeded", "failed", "timed_out", "cancelled", "lost", "skipped", "missed"}


@dataclass(frozen=True, kw_only=True)
class Run:
    id: int
    job: str
    trigger: str = "schedule"
    scheduled_for: datetime | None = None
    status: str = "succeeded"
    attempt: int = 1
    created_at: datetime | None = None
    not_before: datetime | None = None
    finished_at: datetime | None = None
    error: str = ""
    reason: str = ""
    requested_by: str = ""
    chained_from: int | None = None

    def __str__(self) -> str:
        at = f" for {self.scheduled_for:%H:%M:%S}" if self.scheduled_for else ""
        return f"run {self.id} of {self.job}{at} ({self.status})"


@dataclass(frozen=True, kw_only=True)
class Attempt:
    run: int
    number: int
    status: str
    started_at: datetime | None = None
    finished_at: datetime | None = None
    instance: str = ""


@dataclass(frozen=True, kw_only=True)
class Gap:
    id: int
    job: str
    fingerprint: str
    first: datetime
    last: datetime
    count: int
    fate: str = "skipped"
    reason: str = "overlap"


@dataclass(frozen=True, kw_only=True)
class Change:
    """A run's status became another one; `before` is empty for a new row."""

    run: int
    job: str
    before: str
    after: str
    at: datetime | None = None
    attempt: int = 0


@dataclass(frozen=True, kw_only=True)
class Stretch:
    """From `ledger_from` on this schedule is in force for the job, as a trigger saw it at `at`."""

    job: str
    fingerprint: str
    ledger_from: datetime | None
    at: datetime | None = None
    ledger_through: datetime | None = None
    through_before: datetime | None = None


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What the harness did to a host, or to the "database", and for how long by CLOCK_BOOTTIME."""

    name: str
    on: str
    begin: float
    end: float


class DayCount(NamedTuple):
    """Something that statistics count by day: runs that ended with a status, or occurrences without a run by reason."""

    job: str
    day: date
    trigger: str
    what: str


@dataclass(kw_only=True)
class History:
    runs: list[Run] = field(default_factory=list)
    attempts: list[Attempt] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    changes: list[Change] = field(default_factory=list)
    stretches: list[Stretch] = field(default_factory=list)
    through: dict[str, datetime | None] = field(default_factory=dict)
    # How many rows of each kind there are for each job.
    events: Counter[tuple[str, str]] = field(default_factory=Counter)
    # What the statistics count; None where they weren't read.
    days: Counter[DayCount] | None = None
    troubles: list[Trouble] = field(default_factory=list)
    # By release: which host was up with it, from when to when (CLOCK_BOOTTIME).
    up: dict[int, list[tuple[str, float, float]]] = field(default_factory=dict)
    # From here on all hosts had the latest release; None where that isn't known.
    settled_at: datetime | None = None
    # The wall clock less CLOCK_BOOTTIME, which the journal counts by.
    wall: float = 0
    now: datetime = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Violation:
    """A fact that contradicts the promise; `runs` are those whose history shows it."""

    kind: str
    text: str
    runs: tuple[int, ...] = ()

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"
