"""Celery's schedules as NCRONTAB: crontab and intervals. They are recognized by their attributes, without an import."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from jobs.scaffold.crontabs.expressions import spelled
from jobs.scaffold.found import Untranslatable
from jobs.scaffold.schedulers.entries import zone_option
from jobs.scaffold.schedulers.intervals import every

FIELDS = ("minute", "hour", "day_of_month", "month_of_year", "day_of_week")


@dataclass(frozen=True, kw_only=True, slots=True)
class When:
    """A schedule: its expression, `time_zone=` where it needs one, and notes."""

    expression: str
    options: Mapping[str, str | int | timedelta]
    notes: tuple[str, ...] = ()


def when(schedule: Any, zone: object) -> When:
    """What a value of `schedule` in beat_schedule says. `zone` is the app's time zone. Raises Untranslatable."""
    if isinstance(schedule, int | float):
        schedule = timedelta(seconds=schedule)
    if isinstance(schedule, timedelta):
        return _interval(schedule)
    if all(hasattr(schedule, field) for field in FIELDS):
        if getattr(schedule, "nowfun", None) and not hasattr(schedule, "tz"):
            raise Untranslatable("Its crontab has a clock of its own (nowfun). Write the times, and time_zone=.")
        return When(expression=_crontab(schedule), options=zone_option(getattr(schedule, "tz", zone)))
    if hasattr(schedule, "run_every"):
        return _interval(schedule.run_every)
    if hasattr(schedule, "lat"):
        raise Untranslatable("It follows the sun, and a declaration has fixed times. Choose a time of day.")
    if hasattr(schedule, "clocked_time"):
        raise Untranslatable(
            f"It runs once, at {schedule.clocked_time}: `manage.py run --at` does that, for a job without a schedule."
        )
    raise Untranslatable(f"A schedule of the class {type(schedule).__name__} can't be read. Write its times.")


def _interval(interval: timedelta) -> When:
    expression, notes = every(interval)
    return When(expression=expression, options={}, notes=notes)


def _crontab(schedule: Any) -> str:
    """All five must match, as in NCRONTAB. What its author wrote is kept where it is read in the same way."""
    written = [str(getattr(schedule, f"_orig_{field}", "")).replace(" ", "") for field in FIELDS]
    return spelled(written, *(set(getattr(schedule, field)) for field in FIELDS))
