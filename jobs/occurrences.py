"""When a schedule is due: an NCRONTAB expression by the clock of a time zone, with the Functions host's rules for
daylight saving time.

- A time that doesn't exist, for the clock jumped over it, runs at the shifted time: 02:30 at 03:30. If something is
  due at 03:30 anyway, that is one occurrence.
- Of a time that comes twice, a point in time runs the first time only, an interval (`Expression.is_interval`) both times.

Pure: no clock and no database. Moments go in with any zone and come out in UTC.
"""

import difflib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from jobs.ncrontab import Expression

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
# Two changes of one zone's clock have never been closer than this (Freetown in September 1939: 3 days 23 hours).
PROBE = timedelta(days=3)
# Timers cover the offsets of these years. Since 1972 (Monrovia) no clock is off by a fraction of a minute.
TIMER_YEARS = range(1973, 2038)
# A day from either end of the calendar, where local time can't be reckoned, nothing is due.
FIRST_YEAR, LAST_YEAR = 2, 9998


class UnknownZone(ValueError):
    """No time zone is called {name}."""

    def __init__(self, name: str) -> None:
        names = {known.lower(): known for known in available_timezones()}
        close = [names[key] for key in difflib.get_close_matches(name.lower(), names, n=1)]
        mend = f"Did you mean {close[0]!r}?" if close else "Write an IANA name like 'Europe/Berlin'."
        super().__init__(f"No time zone is called {name!r}. {mend}")
        self.name = name


class Stretch(NamedTuple):
    """A time in which a zone's clock runs steadily. `start` is part of it, `end` is not; both in UTC."""

    start: datetime
    end: datetime
    # How far the clocks that count are ahead of UTC: the one on the wall and, for as long as a clock that nobody put
    # forward would show the times that the one on the wall jumped over, that one as well.
    offsets: tuple[timedelta, ...]
    again: bool = False  # whether the clock shows these times for the second time


class Change(NamedTuple):
    """A zone's clock is put forward or back."""

    at: datetime
    before: timedelta
    after: timedelta


class Note(NamedTuple):
    """What a change of the clock does to one occurrence."""

    kind: Literal["moved", "doubled", "dropped"]
    wall: datetime  # the naive local time that the expression names
    runs: tuple[datetime, ...]  # when it runs, in the schedule's zone; for a dropped one, what runs in its stead


@dataclass(frozen=True, init=False)
class Schedule:
    """An expression by the clock of a zone. Raises InvalidExpression and UnknownZone."""

    expression: Expression
    zone: ZoneInfo

    def __init__(self, expression: Expression | str, zone: ZoneInfo | str = "UTC") -> None:
        object.__setattr__(self, "expression", Expression(expression) if isinstance(expression, str) else expression)
        object.__setattr__(self, "zone", _zone(zone) if isinstance(zone, str) else zone)

    @property
    def fingerprint(self) -> str:
        """What tells this schedule from another, readable: `0 0 3 * * * Europe/Berlin`."""
        return f"{self.expression.text} {self.zone.key}"

    def next(self, after: datetime) -> datetime | None:
        """The first occurrence strictly after this moment, in UTC; None if no more comes."""
        after = _utc(after)
        if self._is_utc:
            return _aware(self.expression.next(_naive(after)))
        wall = self.expression.next(_naive(after) - DAY)
        while wall:
            for stretch in self._stretches(max(after, wall.replace(tzinfo=UTC) - 2 * DAY)):
                pass
        return None
