"""Hours of the day by a clock on the wall: `22:00-06:00`, on some days of the week, in a zone. Pure."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from jobs.sentences import Sentence

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
SPAN = re.compile(r"(\d{1,2}):(\d{2})\s*-\s*(\d{1,2}):(\d{2})")
MIDNIGHT = 24 * 60


class BadHours(Sentence, ValueError):
    """{text!r} are not hours of a day. Write them like '22:00-06:00' or '00:00-24:00'."""

    def __init__(self, text: object) -> None:
        super().__init__(text=text)


class BadDays(Sentence, ValueError):
    """{text!r} are not days of the week. Write them like 'mon-fri' or 'sat,sun'."""

    def __init__(self, text: object) -> None:
        super().__init__(text=text)


@dataclass(frozen=True, slots=True)
class Hours:
    """From `start` to `end`, in minutes since midnight; past midnight where `end` is not later. `days` begin them."""

    start: int
    end: int
    zone: ZoneInfo
    days: frozenset[int] = frozenset(range(7))

    @classmethod
    def of(cls, text: object, zone: ZoneInfo, days: object = "mon-sun") -> "Hours":
        """The hours that a setting names. Raises BadHours or BadDays."""
        found = SPAN.fullmatch(text.strip()) if isinstance(text, str) else None
        if found is None:
            raise BadHours(text)
        first, first_minutes, last, last_minutes = map(int, found.groups())
        start, end = first * 60 + first_minutes, last * 60 + last_minutes
        if start >= MIDNIGHT or end > MIDNIGHT or max(first_minutes, last_minutes) > 59 or start == end:
            raise BadHours(text)
        return cls(start, end, zone, _days(days))

    @property
    def is_all_day(self) -> bool:
        return (self.start, self.end) == (0, MIDNIGHT)

    def hold(self, moment: datetime) -> bool:
        """Whether the moment is in them, as the clock on the wall shows it."""
        local = moment.astimezone(self.zone)
        now, today = local.hour * 60 + local.minute, local.weekday()
        if self.start < self.end:
            return self.start <= now < self.end and today in self.days
        return (now >= self.start and today in self.days) or (now < self.end and (today - 1) % 7 in self.days)

    def end_after(self, moment: datetime) -> datetime:
        """When the hours that hold at this moment are over, in UTC."""
        day = moment.astimezone(self.zone).date()
        ends = [_on_the_wall(day + timedelta(days=number), self.end, self.zone) for number in range(-1, 9)]
        # Two spans may touch, and an hour that the clocks repeat may end twice: the first of those counts.
        return next((end for end in ends if end > moment and not self.hold(end)), ends[-1])


def _on_the_wall(day: date, minutes: int, zone: ZoneInfo) -> datetime:
    # The time is found on the wall and only then brought to UTC: added to a moment, it would be an hour out on the
    # days on which the clocks change.
    extra, minute = divmod(minutes, MIDNIGHT)
    wall = datetime.combine(day + timedelta(days=extra), time(minute // 60, minute % 60), zone)
    return wall.astimezone(UTC)


def _days(text: object) -> frozenset[int]:
    found: set[int] = set()
    for part in str(text).lower().split(",") if isinstance(text, str) else ():
        first, _, last = (word.strip() for word in part.partition("-"))
        if first not in DAYS or (last and last not in DAYS):
            raise BadDays(text)
        begin, end = DAYS.index(first), DAYS.index(last or first)
        found |= {number % 7 for number in range(begin, end + 1 if end >= begin else end + 8)}
    if not found:
        raise BadDays(text)
    return frozenset(found)
