"""django-cron: the classes that the setting CRON_CLASSES names."""

from collections import defaultdict
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings

from jobs.scaffold.found import Reading, Untranslatable
from jobs.scaffold.schedulers.entries import entry
from jobs.scaffold.schedulers.intervals import every
from jobs.scaffold.schedulers.tasks import called_by, imported
from jobs.schedule.ncrontab import Expression

TIMES = {"run_every_mins", "run_at_times", "run_on_days", "run_monthly_on_days"}
RETRY = "retry_after_failure_mins"


def read() -> Reading:
    """What CRON_CLASSES names, by the schedule of each class."""
    paths = getattr(settings, "CRON_CLASSES", None)
    if paths is None:
        raise Untranslatable("The settings have no CRON_CLASSES. Name those that have it: --settings shop.settings")
    reading = Reading()
    for number, path in enumerate(paths):
        with entry(reading, f"CRON_CLASSES[{number}]", path) as here:
            job: Any = imported(path)
            expressions, notes = _when(job.schedule)
            if getattr(job.schedule, RETRY, None):
                notes += (f"{RETRY} is left out: retry= says whether and when a failed run is retried.",)
            called = called_by(job.do, f"{path}.do")
            overlap = {"overlap": "allow"} if getattr(job, "ALLOW_PARALLEL_RUNS", False) else {}
            here.declare(called, expressions, options=overlap, notes=notes)
    return reading


def _when(schedule: Any) -> tuple[list[str], tuple[str, ...]]:
    given = {name: value for name, value in vars(schedule).items() if value not in (None, [], (), 0)}
    if unknown := sorted(given.keys() - TIMES - {RETRY}):
        raise Untranslatable(f"Its schedule has {', '.join(unknown)}, which no declaration says. Write its times.")
    minutes, times = given.get("run_every_mins"), given.get("run_at_times", [])
    if bool(minutes) == bool(times):
        raise Untranslatable("It runs both at intervals and at times, or at neither. Choose one, and declare that.")
    notes = tuple[str, ...]()
    if minutes:
        interval, notes = every(timedelta(minutes=minutes))
        texts = [interval]
    else:
        texts = list(_at(times))
    # Its days count from Monday, 0; both must match, as in NCRONTAB.
    days = {(day + 1) % 7 for day in given.get("run_on_days", range(7))}
    of_month = set(given.get("run_monthly_on_days", range(1, 32)))
    return [_on(text, of_month, days) for text in texts], notes


def _at(times: list[str]) -> Iterator[str]:
    """An expression for each minute of the hour, with all its hours."""
    hours = defaultdict[int, set[int]](set)
    for text in times:
        try:
            moment = datetime.strptime(text, "%H:%M")  # noqa: DTZ007 - a time of day
        except ValueError:
            raise Untranslatable(f"{text!r} is not a time of day. Write it as 06:30.") from None
        hours[moment.minute].add(moment.hour)
    for minute, its_hours in sorted(hours.items()):
        yield f"0 {minute} {','.join(map(str, sorted(its_hours)))} * * *"


def _on(text: str, days_of_month: set[int], weekdays: set[int]) -> str:
    head = text.split(" ")[:3]
    tail = Expression.of({0}, {0}, {0}, days_of_month, set(range(1, 13)), weekdays).text.split(" ")[3:]
    return " ".join([*head, *tail])
