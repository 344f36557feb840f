"""When somebody is to hear of a job: `declare(..., alerts=[alert.failed(in_a_row=3), alert.must_succeed_by("06:30")])`.

Lower case, as `timedelta` is: a declaration reads as a sentence. `declare` checks the values by `flaw`.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import time, timedelta
from typing import Any, ClassVar

from jobs.choices import Cause
from jobs.declarations import line_pattern
from jobs.formats import format_duration

LONGEST = timedelta(days=366)
# As many outcomes as a rule may look back on: the end of a run reads them.
MOST_IN_A_ROW, MOST_OUTCOMES = 50, 200
# A job that is due more often than this may fail now and then: three in a row count.
FREQUENT = timedelta(hours=1)
FREQUENTLY, SELDOM = 3, 1
LONGEST_PATTERN = 1_000
# Of `alerts`: nobody hears of the job.
NONE = "none"

_A_WHILE = "Write a timedelta like timedelta(minutes=20), more than nothing and 366 days at most."
_A_LINE = "Write a regular expression for one line, in quotes: 'WARN.*disk'."


class Alert:
    """A rule. `cause` is its kind, of which a job has one at most."""

    __slots__ = ()
    cause: ClassVar[Cause]

    def flaw(self) -> str:
        """What to write instead of its values; empty where they are good."""
        return ""


@dataclass(frozen=True, slots=True)
class failed(Alert):
    """So many runs in a row failed, timed out or were lost, after their retries.

    None: one of a job that is due hourly or less often, else three.
    """

    cause: ClassVar[Cause] = Cause.FAILED
    in_a_row: int | None = None

    def flaw(self) -> str:
        good = self.in_a_row is None or (_is_whole(self.in_a_row) and 1 <= self.in_a_row <= MOST_IN_A_ROW)
        return "" if good else f"Write in_a_row as a whole number from 1 to {MOST_IN_A_ROW}."

    def number(self, period: timedelta | None) -> int:
        """How many in a row, of a job with this time from one occurrence to the next."""
        if self.in_a_row is not None:
            return self.in_a_row
        return FREQUENTLY if period is not None and period < FREQUENT else SELDOM


@dataclass(frozen=True, slots=True)
class rate(Alert):
    """At least this share of the latest outcomes failed, once there are so many."""

    cause: ClassVar[Cause] = Cause.RATE
    share: float = 0.2
    of: int = 20

    def flaw(self) -> str:
        if not _is_number(self.share) or not 0 < self.share <= 1:
            return "Write share as a number above 0, and 1 at most: 0.2."
        return "" if _is_whole(self.of) and 2 <= self.of <= MOST_OUTCOMES else f"Write of as 2 to {MOST_OUTCOMES}."


@dataclass(frozen=True, slots=True)
class missed(Alert):
    """An occurrence got no run, since nobody was there before its start deadline."""

    cause: ClassVar[Cause] = Cause.MISSED


@dataclass(frozen=True, slots=True)
class lost(Alert):
    """A run's supervisor vanished, and no retry was left."""

    cause: ClassVar[Cause] = Cause.LOST


@dataclass(frozen=True, slots=True)
class _For(Alert):
    """A rule about how long something takes."""

    after: timedelta

    def flaw(self) -> str:
        return "" if _is_a_while(self.after) else _A_WHILE


@dataclass(frozen=True, slots=True)
class late_start(_For):
    """An occurrence hasn't started so long after it was due."""

    cause: ClassVar[Cause] = Cause.LATE_START


@dataclass(frozen=True, slots=True)
class not_succeeded_for(_For):
    """No run has succeeded for so long. Time in a pause or a hold doesn't count."""

    cause: ClassVar[Cause] = Cause.NOT_SUCCEEDED_FOR


@dataclass(frozen=True, slots=True)
class still_running(_For):
    """A run has been at work for so long."""

    cause: ClassVar[Cause] = Cause.STILL_RUNNING


@dataclass(frozen=True, slots=True)
class forgotten_pause(_For):
    """The job has been paused for so long, and no end is set."""

    cause: ClassVar[Cause] = Cause.FORGOTTEN_PAUSE
    after: timedelta = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class drift(_For):
    """An override has replaced the declaration for so long."""

    cause: ClassVar[Cause] = Cause.DRIFT
    after: timedelta = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class must_succeed_by(Alert):
    """Of a day on which something was due, no run had succeeded by this time in the job's zone: "06:30"."""

    cause: ClassVar[Cause] = Cause.MUST_SUCCEED_BY
    at: str

    def flaw(self) -> str:
        good = isinstance(self.at, str) and re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d", self.at, re.ASCII)
        return "" if good else "Write the time as '06:30'."

    @property
    def time(self) -> time:
        return time.fromisoformat(self.at)


@dataclass(frozen=True, slots=True)
class slower_than(Alert):
    """A run that succeeded took longer than a duration, or than so many times what 95 in 100 of its runs take."""

    cause: ClassVar[Cause] = Cause.SLOWER_THAN
    limit: timedelta | float = 2.0

    def flaw(self) -> str:
        limit: Any = self.limit
        good = _is_a_while(limit) or (_is_number(limit) and 1 < limit <= 100)
        return "" if good else "Write a timedelta, or a number above 1: 1.5 is one and a half times its p95."


@dataclass(frozen=True, slots=True)
class output_matches(Alert):
    """A line of a run's output, without its secrets, matches this regular expression."""

    cause: ClassVar[Cause] = Cause.OUTPUT_MATCHES
    pattern: str

    def flaw(self) -> str:
        if not isinstance(self.pattern, str) or len(self.pattern) > LONGEST_PATTERN or "\n" in self.pattern:
            return _A_LINE
        try:
            found = line_pattern.compiled(self.pattern).search(b"")
        except line_pattern.Refused as refused:
            return refused.hint or _A_LINE
        return "It matches an empty line, and so every output." if found else ""


# The rules that need no value, by the word that JOBS_ALERTS names them with.
BY_NAME: dict[str, Alert] = {
    rule.cause.value: rule for rule in (failed(), rate(), missed(), lost(), slower_than(), forgotten_pause(), drift())
}
ALL: tuple[type[Alert], ...] = (
    *(failed, rate, missed, lost, late_start, not_succeeded_for, still_running, forgotten_pause, drift),
    *(must_succeed_by, slower_than, output_matches),
)


def named(text: str) -> list[Alert]:
    """The rules of JOBS_ALERTS: `failed, missed, lost`. A word that isn't known is left out."""
    return [BY_NAME[word] for word in words_of(text) if word in BY_NAME]


def words_of(text: str) -> list[str]:
    return [word for part in text.split(",") if (word := part.strip())]


def over(usual: Iterable[Alert], declared: Sequence[Any]) -> dict[Cause, Alert]:
    """The rules that hold for a job, by their kind: the usual ones, and those it declares in their place or beside."""
    if NONE in declared:
        return {}
    return {rule.cause: rule for rule in (*usual, *declared)}


def as_text(rule: Alert) -> str:
    """As it is written in a declaration, with durations in words: failed(in_a_row=3), late_start(20 min)."""
    values = [(field.name, getattr(rule, field.name)) for field in fields(rule)]  # type: ignore[arg-type]
    shown = [
        f"{name}={value}" if isinstance(rule, rate | failed) else _shown(value)
        for name, value in values
        if value is not None
    ]
    return f"{type(rule).__name__}({', '.join(shown)})"


def _shown(value: Any) -> str:
    return format_duration(value) if isinstance(value, timedelta) else str(value)


def _is_whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_a_while(value: Any) -> bool:
    return isinstance(value, timedelta) and timedelta(0) < value <= LONGEST
