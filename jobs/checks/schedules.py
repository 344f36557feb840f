"""Schedules that can be read but probably mean something else: jobs.E016, jobs.W001 …"""

from collections import Counter
from collections.abc import Iterator, Sequence
from functools import lru_cache, reduce
from operator import and_
from typing import Any

from django.core.checks import CheckMessage, Error, Warning

from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.schedule.ncrontab import DAYS_OF_MONTH, Expression, Field, Surprise

# More timers than this at one second, and most of their runs wait for the others.
CROWD = 10
# Each timer holds a lease and a blob of its own in the storage account.
MANY_TIMERS = 200
IDS = {
    "swapped": "jobs.W001",
    "no_step": "jobs.W002",
    "long_step": "jobs.W003",
    "both_days": "jobs.W004",
    "uneven": "jobs.W016",
}
# Of seconds, minutes, hours and days, as sets.
type Bits = tuple[int, int, int, int]
SILENCE = "If that is intended, add {} to SILENCED_SYSTEM_CHECKS."


def surprises(**_: Any) -> list[CheckMessage]:
    """What NCRONTAB reads differently from what people mean (E016, W001 to W004, W016)."""
    return [
        _surprise(job, expression, surprise)
        for job, expression in _expressions()
        for surprise in expression.surprises
        # A schedule that never comes needs no further warning.
        if surprise.kind == "never" or not expression.never_fires
        if not (surprise.kind == "both_days" and _is_half_of_an_either(job, expression))
    ]


def _is_half_of_an_either(job: Job, expression: Expression) -> bool:
    """Whether another job runs the same on the other days of month, whatever their weekday.

    So "either day is enough" is written, as cron reads two days: no day then has two runs.
    """
    others = tuple(day for day in range(1, 32) if day not in expression.days)
    return any(
        (other.command, other.arguments) == (job.command, job.arguments)
        and (it.seconds, it.minutes, it.hours, it.months)
        == (expression.seconds, expression.minutes, expression.hours, expression.months)
        and (it.days, len(it.weekdays)) == (others, 7)
        for other, it in _expressions()
    )


def rhythms(**_: Any) -> list[CheckMessage]:
    """Schedules of more than once a minute."""
    return [
        Warning(
            f"Job {job.name!r} is due more than once a minute. {_sub_minute(job)}",
            hint=f"Let one run do a minute's work: write one value for the second. {SILENCE.format('jobs.W005')} "
            f"({job.place})",
            id="jobs.W005",
        )
        for job, expression in _expressions()
        if expression.is_sub_minute
    ]


def crowds(**_: Any) -> list[CheckMessage]:
    """Many timers on the same second."""
    second, names = busiest_second([job for job in registry.scheduled() if job.has_timer])
    if len(names) <= CROWD:
        return []
    return [
        Warning(
            f"{len(names)} timers fire at {second} UTC: {', '.join(names[:3])} and {len(names) - 3} more.",
            hint="Spread them over the hour or the minute: '20 7 3 * * *' is as good as '0 0 3 * * *', and gets a "
            f"free slot at once. {SILENCE.format('jobs.W006')}",
            id="jobs.W006",
        )
    ]


def timers(**_: Any) -> list[CheckMessage]:
    """More timers than a function app should have."""
    count = sum(job.has_timer for job in registry.values())
    if count <= MANY_TIMERS:
        return []
    return [
        Warning(
            f"{count} jobs have a timer of their own, more than {MANY_TIMERS}: the app starts slowly, and each timer "
            "costs a lease in the storage account.",
            hint="Write timer=False for jobs that may start to the minute: the tick starts them.",
            id="jobs.W007",
        )
    ]


def busiest_second(jobs: Sequence[Job]) -> tuple[str, list[str]]:
    """The second of the day (in UTC) at which on some day most timers fire, "03:00:00", and the names of their jobs."""
    timers = {job.name: _bits(Expression(job.schedule.timer_expression)) for job in jobs if job.schedule}
    times = Counter(timers.values())
    best, moment, day = 0, (0, 0, 0), 0
    # Most timers have a second and minute of their own: whole hours and minutes can be passed over.
    for hour in range(24):
        of_hour = _at(times, 2, hour)
        for minute in range(60) if of_hour.total() > best else ():
            of_minute = _at(of_hour, 1, minute)
            for second in range(60) if of_minute.total() > best else ():
                of_second = _at(of_minute, 0, second)
                count, on_day = _on_one_day(of_second) if of_second.total() > best else (0, 0)
                if count > best:
                    best, moment, day = count, (second, minute, hour), on_day
    names = [
        name
        for name, bits in timers.items()
        if bits[3] & day and all(bits[place] >> value & 1 for place, value in enumerate(moment))
    ]
    return ":".join(f"{value:02}" for value in reversed(moment)), names


def _expressions() -> Iterator[tuple[Job, Expression]]:
    for job in registry.values():
        if job.schedule:
            yield job, job.schedule.expression


def _surprise(job: Job, expression: Expression, surprise: Surprise) -> CheckMessage:
    message = f"The schedule of job {job.name!r}: {surprise.message}"
    if surprise.kind == "never":
        hint = "If the job is started by hand, omit the schedule."
        return Error(message, hint=f"{hint} ({job.place})", id="jobs.E016")
    number = IDS[surprise.kind]
    # Spelled out, an expression says what it means.
    hint = (
        SILENCE.format(number)
        if surprise.kind in {"both_days", "uneven"}
        else f"If that is intended, write '{expression.text}'."
    )
    return Warning(message, hint=f"{hint} ({job.place})", id=number)


def _sub_minute(job: Job) -> str:
    if not job.has_timer:
        return "The tick checks once a minute: only the last occurrence of each minute runs."
    return (
        "For such a timer the host keeps no schedule status: it doesn't catch up after downtime, and a manual call of "
        "the function starts nothing, because it looks like the timer's."
    )


def _bits(expression: Expression) -> Bits:
    """The seconds, minutes, hours and days of an expression."""
    second, minute, hour, *days = expression.fields
    return second.bits, minute.bits, hour.bits, _days(*days)


def _at(times: Counter[Bits], place: int, value: int) -> Counter[Bits]:
    return Counter({bits: count for bits, count in times.items() if bits[place] >> value & 1})


@lru_cache
def _days(days: Field, months: Field, weekdays: Field) -> int:
    """The days on which this fires: a bit for each date of a leap year on each weekday, since all of them come."""
    matches = (
        "01"[days.bits >> day & months.bits >> month & weekdays.bits >> weekday & 1]
        for month in range(1, 13)
        for day in range(1, DAYS_OF_MONTH[month].bit_length())
        for weekday in range(7)
    )
    return int("".join(matches), 2)


def _on_one_day(times: Counter[Bits]) -> tuple[int, int]:
    """How many of these fire on one and the same day at most, and that day's bit."""
    by_days = Counter[int]()
    for (*_, days), count in times.items():
        by_days[days] += count
    return _busiest_day(frozenset(by_days.items()))


@lru_cache
def _busiest_day(by_days: frozenset[tuple[int, int]]) -> tuple[int, int]:
    # Most often they all share a day.
    if common := reduce(and_, (days for days, _ in by_days)):
        return sum(count for _, count in by_days), common
    each = (1 << place for place in range(max(days for days, _ in by_days).bit_length()))
    # On no day where all of them are schedules that never come.
    return max(((sum(count for days, count in by_days if days & day), day) for day in each), default=(0, 0))
