"""What is expected to be at work in each minute of a time: by the schedules, by what is in force, and by how long each
job usually takes.

No database: how the jobs stand is an argument. Jobs that run after others have no schedule of their own, and are left
out.
"""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from itertools import accumulate, groupby

from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.reading import upcoming
from jobs.reading.board import Standing
from jobs.reading.usual import Usual
from jobs.schedule.occurrences import Schedule

MINUTE = timedelta(minutes=1)
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Busy:
    """A job's part in a time, in minutes after its beginning: when it starts, and when it would but is skipped.

    Both are in order. What starts earlier and is still at work then has a number below zero.
    """

    job: Job
    starts: Sequence[int]
    skipped: Sequence[int]
    usual: Usual | None

    @property
    def half(self) -> int:
        """How many minutes half of its runs take at most. One, where that isn't known."""
        return _minutes(self.usual.p50) if self.usual else 1

    @property
    def most(self) -> int:
        """How many minutes nine in ten of its runs take at most. One, where that isn't known."""
        return _minutes(self.usual.p90) if self.usual else 1

    @property
    def total(self) -> int:
        """How many minutes it is at work in all."""
        return len(self.starts) * self.most

    def at_work(self, minutes: Sequence[int]) -> Iterator[int]:
        """In which of these, in order, one of its runs is, if each takes as long as nine in ten do."""
        most = self.most
        if len(self.starts) < len(minutes):
            upto = 0
            for start in self.starts:
                first = bisect_left(minutes, max(start, upto))
                upto = start + most
                yield from minutes[first : bisect_left(minutes, upto, first)]
        else:
            for minute in minutes:
                started = bisect_right(self.starts, minute)
                if started and minute < self.starts[started - 1] + most:
                    yield minute


@dataclass(frozen=True, slots=True)
class Crowd:
    """Neighbouring minutes in which more runs are at work than one instance runs: `most` of them at once."""

    begin: int
    end: int
    most: int


def busy(standings: Iterable[Standing], begin: datetime, length: timedelta) -> list[Busy]:
    """The jobs that are due in a time, in the order given. `begin` is a whole minute."""
    found = []
    for standing in standings:
        most = min(_minutes(standing.usual.p90), DAY // MINUTE) if standing.usual else 1
        starts: list[int] = []
        skipped: list[int] = []
        after = begin - most * MINUTE
        for part in upcoming.stretches(registry[standing.job.name], standing.current, after):
            (skipped if part.skipped else starts).extend(_starts(part, begin, begin + length))
        if starts or skipped:
            found.append(Busy(job=standing.job, starts=starts, skipped=skipped, usual=standing.usual))
    return found


def at_work(found: Iterable[Busy], minutes: int) -> list[int]:
    """How many runs are at work in each minute, if each takes as long as nine in ten do."""
    lasting: dict[int, Counter[int]] = {}
    for each in found:
        lasting.setdefault(each.most, Counter()).update(each.starts)
    changes = [0] * (minutes + 1)
    for most, starts in lasting.items():
        for start, count in starts.items():
            if start + most > 0:
                changes[max(start, 0)] += count
                changes[min(start + most, minutes)] -= count
    return list(accumulate(changes[:-1]))


def jobs_at_work(found: Iterable[Busy], minutes: Iterable[int]) -> dict[int, list[str]]:
    """Of each of these minutes the jobs that are at work then, in the order given."""
    wanted = sorted(set(minutes))
    names: dict[int, list[str]] = {minute: [] for minute in wanted}
    for each in found:
        for minute in each.at_work(wanted):
            names[minute].append(each.job.name)
    return names


def starts_by_hour(found: Iterable[Busy]) -> Counter[int]:
    """How many runs start in each hour, counted from the beginning."""
    by_minute = Counter[int]()
    for each in found:
        by_minute.update(each.starts)
    by_hour = Counter[int]()
    for minute, count in by_minute.items():
        if minute >= 0:
            by_hour[minute // 60] += count
    return by_hour


def crowds(loads: Sequence[int], slots: int) -> list[Crowd]:
    """Where more runs are at work than one instance runs, in the order of time."""
    found = []
    for is_crowded, group in groupby(enumerate(loads), lambda each: each[1] > slots):
        if is_crowded:
            minutes = list(group)
            found.append(Crowd(minutes[0][0], minutes[-1][0] + 1, max(load for _, load in minutes)))
    return found


def quiet(loads: Sequence[int], shortest: int) -> list[tuple[int, int]]:
    """Where nothing is at work for so many minutes, the longest first: from which minute to which one."""
    found = []
    for is_quiet, group in groupby(enumerate(loads), lambda each: each[1] == 0):
        minutes = [minute for minute, _ in group]
        if is_quiet and len(minutes) >= shortest:
            found.append((minutes[0], minutes[-1] + 1))
    return sorted(found, key=lambda each: each[0] - each[1])


def _minutes(duration: timedelta) -> int:
    return max(-(-duration // MINUTE), 1)


def _starts(part: upcoming.Stretch, begin: datetime, end: datetime) -> list[int]:
    """The minutes of a stretch's occurrences before `end`, counted from `begin`."""
    first, last = (part.after - begin) // MINUTE, (min(part.until, end - MINUTE) - begin) // MINUTE
    day, found = part.after.astimezone(UTC).date(), []
    while (offset := (datetime.combine(day, time(), UTC) - begin) // MINUTE) <= last:
        minutes = _of_day(part.schedule, day)
        within = minutes[bisect_right(minutes, first - offset) : bisect_right(minutes, last - offset)]
        found += [offset + minute for minute in within]
        day += DAY
    return found


@lru_cache(maxsize=8192)
def _of_day(schedule: Schedule, day: date) -> tuple[int, ...]:
    """The minutes of a day in UTC at which the schedule is due, each once."""
    midnight = datetime.combine(day, time(), UTC)
    found = schedule.between(midnight - datetime.resolution, midnight + DAY - datetime.resolution)
    return tuple(dict.fromkeys((moment - midnight) // MINUTE for moment in found))
