"""When a schedule is due: an NCRONTAB expression by the clock of a time zone, with the Functions host's rules for
the days on which the clock changes.

- A time that doesn't exist, because the clock jumps over it, runs at the shifted time: 02:30 at 03:30. If something
  is due at 03:30 anyway, the two are one occurrence.
- Of a time that comes twice, a point in time runs the first only, an interval (`Expression.is_interval`) both.

Pure: no clock and no database. Moments go in with any zone and come out in UTC.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import cached_property, lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from jobs.schedule.clock_changes import DAY, FIRST_YEAR, LAST_YEAR, SECOND, Change, Stretch, changes, stretches
from jobs.schedule.ncrontab import Expression
from jobs.schedule.zones import same_clock, zone_called

MINUTE = timedelta(minutes=1)
# Timers cover every offset that a zone has had or will have in these years. The last clock that was not set to the
# whole minute, Monrovia's, was put right in 1972.
TIMER_YEARS = range(1973, 2038)


class Note(NamedTuple):
    """What a change of the clock does to one occurrence."""

    kind: Literal["moved", "doubled", "dropped"]
    wall: datetime  # the naive local time that the expression names
    runs: tuple[datetime, ...]  # when it runs, in UTC; for a dropped one, the run that stands for it


@dataclass(frozen=True, init=False)
class Schedule:
    """An expression by the clock of a zone. Raises InvalidExpression or UnknownZone."""

    expression: Expression
    zone: ZoneInfo

    def __init__(self, expression: Expression | str, zone: ZoneInfo | str = "UTC") -> None:
        object.__setattr__(self, "expression", Expression(expression) if isinstance(expression, str) else expression)
        object.__setattr__(self, "zone", zone_called(zone) if isinstance(zone, str) else zone)

    @property
    def fingerprint(self) -> str:
        """What identifies this schedule: `0 0 3 * * * Europe/Berlin`."""
        return f"{self.expression.text} {self.zone.key}"

    @classmethod
    def of_fingerprint(cls, fingerprint: str) -> "Schedule":
        """The schedule with this fingerprint. Raises InvalidExpression or UnknownZone where it can't be read here."""
        expression, _, zone = fingerprint.rpartition(" ")
        return cls(expression, zone)

    def next(self, after: datetime) -> datetime | None:
        """The first occurrence strictly after this moment; None if no more comes."""
        moment, found = _naive_utc(after), None
        if self.zone.key == "UTC":
            return _aware(self.expression.next(moment))
        for year in range(moment.year, LAST_YEAR + 1):
            if found and _nothing_in(year, moment, found):
                continue
            for stretch in self._stretches(year):
                if stretch.end > moment:
                    start = max(moment, stretch.start - SECOND)
                    walls = [(self.expression.next(start + offset), offset) for offset in stretch.offsets]
                    found = min((wall - offset for wall, offset in walls if wall), default=None)
                    if found is None:
                        return None
                    if found < stretch.end:
                        return _aware(found)
        return None

    def previous(self, before: datetime) -> datetime | None:
        """The last occurrence strictly before this moment; None if there was none."""
        moment, found = _naive_utc(before), None
        if self.zone.key == "UTC":
            return _aware(self.expression.previous(moment))
        for year in range(moment.year, FIRST_YEAR - 1, -1):
            if found and _nothing_in(year, moment, found):
                continue
            for stretch in reversed(self._stretches(year)):
                if stretch.start < moment:
                    end = min(moment, stretch.end)
                    walls = [(self.expression.previous(end + offset), offset) for offset in stretch.offsets]
                    found = max((wall - offset for wall, offset in walls if wall), default=None)
                    if found is None:
                        return None
                    if found >= stretch.start:
                        return _aware(found)
        return None

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The occurrences in (after, until], ascending."""
        for offsets, start, end in self._parts(after, until):
            if len(offsets) == 1:
                yield from self._by_one_clock(offsets[0], start, end)
            else:
                yield from sorted({moment for offset in offsets for moment in self._by_one_clock(offset, start, end)})

    def count(self, after: datetime, until: datetime) -> int:
        """How many occurrences lie in (after, until]: computed, while the clock runs steadily."""
        total = 0
        for offsets, start, end in self._parts(after, until):
            if len(offsets) == 1:
                total += self.expression.count(start + offsets[0], end + offsets[0])
            else:
                total += len({moment for offset in offsets for moment in self._by_one_clock(offset, start, end)})
        return total

    def period(self, at: datetime) -> timedelta | None:
        """From the last occurrence at or before this moment to the next one; None if either is missing."""
        last, following = self.previous(at + datetime.resolution), self.next(at)
        return following - last if last and following else None

    @cached_property
    def timer_expression(self) -> str:
        """The expression for a timer that runs in UTC. It fires at every occurrence, whatever the zone's offset
        (see TIMER_YEARS), and at other times too wherever the offset can differ.
        """
        expression, offsets = self.expression, _offsets(self.zone)
        if offsets == {timedelta()} or expression.never_fires:
            return expression.text
        times = {
            hour * 60 + minute - offset // MINUTE
            for offset in offsets
            for hour in expression.hours
            for minute in expression.minutes
        }
        shifts = {time // 1440 for time in times}  # by how many days the date in UTC can differ: -1, 0 or 1
        two_years = [date(2023, 1, 1) + day * DAY for day in range(365 + 366)]
        dates = [day for day in two_years if day.day in expression.days and day.month in expression.months]
        shifted = {day + shift * DAY for day in dates for shift in shifts}
        return Expression.of(
            expression.seconds,
            {time % 60 for time in times},
            {time // 60 % 24 for time in times},
            {day.day for day in shifted},
            {day.month for day in shifted},
            {(weekday + shift) % 7 for weekday in expression.weekdays for shift in shifts},
        ).text

    def dst_notes(self, year: int) -> Iterator[Note]:
        """What the changes of the clock in this year (of UTC) do to occurrences, in the order of the local times.

        A time that doesn't exist is moved, or dropped where an occurrence stands already. A time that comes twice is
        doubled for an interval; a point in time has its second one dropped.
        """
        for at, before, after in self.clock_changes(year):
            low, high = sorted((at + before, at + after))
            for wall in self.expression.between(low - SECOND, high - SECOND):
                runs = [wall - before, wall - after]
                if after < before:
                    kind: Literal["moved", "doubled", "dropped"]
                    kind = "doubled" if self.expression.is_interval else "dropped"
                else:
                    shown = wall - before + after
                    kind = "dropped" if self.expression.next(shown - SECOND) == shown else "moved"
                count = 2 if kind == "doubled" else 1
                yield Note(kind, wall, tuple(run.replace(tzinfo=UTC) for run in runs[:count]))

    def clock_changes(self, year: int) -> list[Change]:
        """When in this year (of UTC) the zone's clock is put forward or back."""
        return [change for change in changes(self.zone, year) if change.at.year == year]

    def _stretches(self, year: int) -> tuple[Stretch, ...]:
        found = stretches(self.zone, year)
        if self.expression.is_interval:
            return found
        return tuple(stretch for stretch in found if not stretch.again)

    def _parts(self, after: datetime, until: datetime) -> Iterator[tuple[tuple[timedelta, ...], datetime, datetime]]:
        """The offsets of each stretch in (after, until], and the part (start, end] of it that lies therein."""
        first, last = _naive_utc(after), _naive_utc(until)
        for year in range(first.year, last.year + 1):
            for stretch in self._stretches(year):
                start, end = max(first, stretch.start - SECOND), min(last, stretch.end - SECOND)
                if start < end:
                    yield stretch.offsets, start, end

    def _by_one_clock(self, offset: timedelta, start: datetime, end: datetime) -> Iterator[datetime]:
        for hour, distances in self.expression.by_hour(start + offset, end + offset):
            yield from map((hour - offset).replace(tzinfo=UTC).__add__, distances)


def same_occurrences(one: str, other: str) -> bool:
    """Whether two fingerprints mean the same: one expression, by zones that are one clock under two names."""
    (expression, _, zone), (other_expression, _, other_zone) = one.rpartition(" "), other.rpartition(" ")
    return one == other or (expression == other_expression != "" and same_clock(zone, other_zone))


def _naive_utc(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError(f"{moment} has no time zone. Give an aware datetime.")
    return moment.astimezone(UTC).replace(tzinfo=None)


def _aware(moment: datetime | None) -> datetime | None:
    return moment and moment.replace(tzinfo=UTC)


def _nothing_in(year: int, moment: datetime, found: datetime) -> bool:
    """Whether a whole year between `moment` and `found`, neighbours on the wall, can be left out.

    Not next to the moment's year: a clock put back at the new year shows times again that lie on its other side.
    """
    return abs(year - moment.year) > 1 and abs(year - found.year) > 1


@lru_cache(maxsize=1024)
def _offsets(zone: ZoneInfo) -> set[timedelta]:
    return {offset for year in TIMER_YEARS for stretch in stretches(zone, year) for offset in stretch.offsets}
