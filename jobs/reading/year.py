"""A year of a job, from its day statistics: each day, each month, and what was usual at each time. One query."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from math import ceil, log
from typing import Any

from jobs.choices import Status, Trigger
from jobs.models import JobDay
from jobs.models.job_day import GAMMA
from jobs.reading.board import BAD
from jobs.reading.histogram import Histogram
from jobs.reading.holes import ABSENT

DAYS = 366
# What is usual on a day: that of the runs that succeeded in so many days up to it.
USUAL_OF = 30
# A run that started later than this after its occurrence is late.
LATE = timedelta(minutes=1)
LATE_BUCKET = ceil(log(LATE.total_seconds(), GAMMA))
# The end of that bucket: what is counted as late is later.
COUNTED_AS_LATE = timedelta(seconds=GAMMA**LATE_BUCKET)
# These runs had an occurrence; the others were asked for.
BY_ITSELF = frozenset({Trigger.SCHEDULE, Trigger.CATCH_UP, Trigger.CHAIN, Trigger.REPAIR})
HISTOGRAMS = ("gaps", "duration", "lateness")
# Those that started: what is missed is counted apart.
WRONG = BAD - {Status.MISSED}
RAN = {Status.SUCCEEDED, Status.CANCELLED, *WRONG}


@dataclass(slots=True)
class Reliability:
    """Of a stretch of time: what was due, and what became of it. `asked` are runs that somebody asked for beside it."""

    ran: int = 0
    ok: int = 0
    wrong: int = 0
    late: int = 0
    skipped: int = 0
    missed: int = 0
    asked: int = 0
    asked_wrong: int = 0

    @property
    def due(self) -> int:
        return self.ran + self.skipped + self.missed

    @property
    def share(self) -> float | None:
        """Of what was due and not skipped by a rule: what went well."""
        expected = self.ran + self.missed
        return self.ok / expected if expected else None

    def add(self, other: "Reliability") -> None:
        for name in self.__slots__:
            setattr(self, name, getattr(self, name) + getattr(other, name))


@dataclass(slots=True)
class Day:
    """In UTC: of a run the day on which it ended, of an occurrence without a run its own."""

    day: date
    total: Reliability = field(default_factory=Reliability)
    durations: Histogram = field(default_factory=Histogram)

    @property
    def kind(self) -> str:
        """How the day went, in one word: what the calendar draws."""
        total = self.total
        wrong, well = total.wrong + total.asked_wrong, total.ok + total.asked - total.asked_wrong
        if wrong:
            return "some" if well else "bad"
        if total.missed:
            return "missed"
        return "ok" if well else "idle"


@dataclass(frozen=True, kw_only=True, slots=True)
class Year:
    first: date
    last: date
    days: Sequence[Day]

    def months(self) -> list[tuple[date, Reliability]]:
        """The latest first."""
        found: dict[date, Reliability] = {}
        for day in reversed(self.days):
            found.setdefault(day.day.replace(day=1), Reliability()).add(day.total)
        return list(found.items())

    def usual(self, wanted: Iterable[date]) -> dict[date, tuple[timedelta, timedelta]]:
        """p50 and p95 of what succeeded in the days up to each; days for which nothing is known are left out."""
        found: dict[date, tuple[timedelta, timedelta]] = {}
        for day in set(wanted):
            near = (each.durations for each in self.days if timedelta(0) <= day - each.day < timedelta(days=USUAL_OF))
            total = Histogram()
            for durations in near:
                total.update(durations)
            p50, p95 = total.percentile(50), total.percentile(95)
            if p50 and p95:
                found[day] = (p50, p95)
        return found


def year_of(job: str, now: datetime) -> Year:
    last = now.astimezone(UTC).date()
    first = last - timedelta(days=DAYS - 1)
    days: dict[date, Day] = {}
    # The histogram of 30 days before the first one would be needed for what was usual then: nobody looks there.
    rows = JobDay.objects.filter(job=job, day__gte=first, day__lte=last).order_by("day")
    # A model for each row would take most of the time.
    for row in rows.values_list("day", "trigger", *sorted(RAN), "skipped", "missed", *HISTOGRAMS, named=True):
        day = days.setdefault(row.day, Day(row.day))
        day.total.add(_total(row))
        day.durations.update({int(bucket): count for bucket, count in row.duration.items()})
    return Year(first=first, last=last, days=[day for day in days.values() if day.total != Reliability()])


def _total(row: Any) -> Reliability:
    """Of a row of JobDay."""
    ran = sum(getattr(row, status) for status in RAN)
    wrong = sum(getattr(row, status) for status in WRONG)
    if row.trigger not in BY_ITSELF:
        return Reliability(asked=ran, asked_wrong=wrong)
    gaps = Counter({reason: count for reason, count in row.gaps.items() if count})
    missed = sum(count for reason, count in gaps.items() if reason in ABSENT)
    return Reliability(
        ran=ran,
        ok=row.succeeded,
        wrong=wrong,
        late=sum(count for bucket, count in row.lateness.items() if int(bucket) > LATE_BUCKET),
        skipped=row.skipped + gaps.total() - missed,
        missed=row.missed + missed,
    )
