"""When a zone's clock goes forward or back, and the times between in which it runs steadily. Times are naive UTC."""

from bisect import bisect_left
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

SECOND, DAY = timedelta(seconds=1), timedelta(days=1)
# No zone's clock has ever changed twice within three days (the closest: Freetown, 1 and 5 September 1939).
PROBE = 3 * DAY
# Local time can't be computed at the ends of the calendar.
FIRST_YEAR, LAST_YEAR = 2, 9998


class Change(NamedTuple):
    """A zone's clock goes forward or back: when (naive UTC), and how far it is ahead of UTC before and after."""

    at: datetime
    before: timedelta
    after: timedelta


class Stretch(NamedTuple):
    """A time from `start` to before `end` (naive UTC) in which the clocks that count run steadily.

    `offsets` says how far they are ahead of UTC. Normally there is one. While a clock that nobody had put forward
    would show the times that the real one jumped over, both count.
    """

    start: datetime
    end: datetime
    offsets: tuple[timedelta, ...]
    again: bool = False  # the clock was put back, and shows these times for the second time


@lru_cache(maxsize=4096)
def stretches(zone: ZoneInfo, year: int) -> tuple[Stretch, ...]:
    """A year (of UTC), cut where the zone's clock changes and where it has caught up with what the change skewed."""
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return ()
    new_year, end = _new_year(year), _new_year(year + 1)
    found, start = list[Stretch](), new_year - 2 * DAY
    offset = _offset(zone, start)
    for at, before, offset in changes(zone, year):
        found.append(Stretch(start, at, (before,)))
        start = at + abs(offset - before)
        found.append(Stretch(at, start, (before, offset) if offset > before else (offset,), again=offset < before))
    found.append(Stretch(start, end, (offset,)))
    clipped = (stretch._replace(start=max(stretch.start, new_year), end=min(stretch.end, end)) for stretch in found)
    return tuple(stretch for stretch in clipped if stretch.start < stretch.end)


@lru_cache(maxsize=4096)
def changes(zone: ZoneInfo, year: int) -> tuple[Change, ...]:
    """The changes of a zone's clock from two days before this year (of UTC) to its end.

    zoneinfo keeps them to itself, so its clock is read every three days and searched where it differs.
    """
    found = list[Change]()
    start, end = _new_year(year) - 2 * DAY, _new_year(year + 1) - SECOND
    before = _offset(zone, start)
    while start < end:
        stop = min(start + PROBE, end)
        after = _offset(zone, stop)
        if after != before:
            seconds = range((stop - start) // SECOND)
            at = start + SECOND * bisect_left(seconds, True, key=lambda s: _offset(zone, start + SECOND * s) != before)
            found.append(Change(at, before, after))
        start, before = stop, after
    return tuple(found)


def _offset(zone: ZoneInfo, moment: datetime) -> timedelta:
    return zone.fromutc(moment.replace(tzinfo=zone)).replace(tzinfo=None) - moment


def _new_year(year: int) -> datetime:
    return datetime(year, 1, 1, tzinfo=UTC).replace(tzinfo=None)
