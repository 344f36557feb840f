"""A job as the rest of the code sees it: declared, checked, unchangeable."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal
from urllib.parse import urlsplit

from jobs.choices import Dispatch, Interrupted, Isolation, Misfire, Overlap
from jobs.declarations.alert import Alert
from jobs.declarations.keep import Keep
from jobs.declarations.retry import Retry
from jobs.declarations.rules import NEVER
from jobs.schedule.occurrences import Schedule

# The tick comes once a minute and gives timers half a minute: less than this would forbid what it serves for them.
SHORTEST_DEADLINE = timedelta(minutes=2)
LONGEST_DEADLINE = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Job:
    """A management command with its arguments and rules, under a name. All of it was checked by `declare`."""

    name: str
    command: str
    arguments: tuple[str, ...] = ()
    schedule: Schedule | None = None
    timer: bool = True
    dispatch: Dispatch = Dispatch.TIMER
    isolation: Isolation = Isolation.FORK
    overlap: Overlap = Overlap.SKIP
    max_running: int | None = None
    misfire: Misfire = Misfire.LATEST
    start_deadline: timedelta | Literal["never"] | None = None
    timeout: timedelta = timedelta(hours=1)
    grace: timedelta = timedelta(seconds=10)
    interrupted: Interrupted = Interrupted.AGAIN
    retry: Retry = field(default_factory=Retry)
    after: tuple[str, ...] = ()
    concurrency_group: str | None = None
    concurrency_limit: int = 1
    secrets: tuple[str, ...] = ()
    output_limit: int = 10 * 1024 * 1024
    keep: Keep = field(default_factory=Keep)
    # For the people who run it. None of it changes what runs, so releases that differ in it alone declare alike.
    description: str = ""
    labels: tuple[str, ...] = ()
    owner: str = ""
    runbook: str = ""
    # Whoever knows it can raise and end the alarm there.
    heartbeat: str = field(default="", repr=False)
    confirm: str = ""
    # Beside the usual ones, or in their place; "none": no rule at all (`alert.over`).
    alerts: tuple[Alert | Literal["none"], ...] = ()
    place: str = ""
    # Where an app setting overrides the declared schedule: the setting's name and what the code says.
    schedule_setting: str = ""
    declared_schedule: str = ""

    @property
    def fingerprint(self) -> str:
        """What the watermark belongs to: another schedule or zone starts a new one."""
        return self.schedule.fingerprint if self.schedule else ""

    @property
    def watch(self) -> str:
        """The host of its heartbeat: all of it that may be shown."""
        return urlsplit(self.heartbeat).hostname or ""

    @property
    def has_timer(self) -> bool:
        """Whether the job is a timer function of its own; otherwise the tick serves it."""
        return self.timer and self.schedule is not None

    @property
    def group(self) -> str:
        """The group whose limit its runs keep to as they start: the declared one, or with `max_running` one of its own.

        Empty where neither is declared.
        """
        return self.concurrency_group or (f"max_running of {self.name}" if self.max_running else "")

    @property
    def group_limit(self) -> int:
        """How many runs of its group may run at once."""
        return self.concurrency_limit if self.concurrency_group or not self.max_running else self.max_running

    def deadline_at(self, moment: datetime) -> timedelta | None:
        """How late an occurrence at this moment may start, unless declared: one period, from two minutes to a day.

        With `misfire="all"` a day: within one period all would be the latest. None where it may start however late.
        """
        if self.start_deadline == NEVER:
            return None
        if self.start_deadline is not None:
            return self.start_deadline
        if self.misfire is Misfire.ALL:
            return LONGEST_DEADLINE
        period = self.schedule.period(moment) if self.schedule else None
        return min(max(period, SHORTEST_DEADLINE), LONGEST_DEADLINE) if period else LONGEST_DEADLINE
