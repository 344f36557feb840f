"""Maintenance windows (JOBS_MAINTENANCE): in them nothing is sent. What is still open at their end is told then."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from jobs.alerts.entries import Chosen, Entry
from jobs.alerts.hours import Hours
from jobs.conf import conf
from jobs.declarations.job import Job

SETTING = "JOBS_MAINTENANCE"
KEYS = ("jobs", "labels", "owners", "hours", "days", "from", "until", "time_zone")


@dataclass(frozen=True, slots=True)
class Window:
    """Hours that come again, or one time from `since` to `until`."""

    chosen: Chosen
    hours: Hours | None
    since: datetime
    until: datetime

    def end(self, name: str, job: Job | None, moment: datetime) -> datetime | None:
        """When it ends for this job; None where it isn't in force at this moment."""
        if not self.chosen.has(name, job):
            return None
        if self.hours is not None:
            return self.hours.end_after(moment) if self.hours.hold(moment) else None
        return self.until if self.since <= moment < self.until else None


def windows(value: Any = None) -> list[Window]:
    """Those of the setting. Raises BadEntry."""
    return [_window(place, entry) for place, entry in enumerate(conf.JOBS_MAINTENANCE if value is None else value)]


def end(name: str, job: Job | None, moment: datetime) -> datetime | None:
    """When the last window ends that is in force for this job; None where none is."""
    return max((found for window in windows() if (found := window.end(name, job, moment))), default=None)


def _window(place: int, value: Mapping[str, Any]) -> Window:
    entry = Entry(SETTING, place, value, KEYS)
    hours = entry.hours("hours", entry.value.get("days", "mon-sun"))
    if hours is not None:
        if {"from", "until"} & {*value}:
            raise entry.bad("it has hours, which come again, and 'from' or 'until' too. Write one or the other.")
        return Window(entry.chosen(), hours, datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
    since, until = _moment(entry, "from"), _moment(entry, "until")
    if until <= since:
        raise entry.bad("'until' isn't after 'from'. Write the later one there.")
    return Window(entry.chosen(), None, since, until)


def _moment(entry: Entry, key: str) -> datetime:
    value = entry.value.get(key)
    try:
        moment = value if isinstance(value, datetime) else datetime.fromisoformat(value or "")
    except (TypeError, ValueError):
        example = "'2026-03-28T22:00'"
        raise entry.bad(f"{key!r} is {value!r}. Write 'hours', or a date and time like {example}.") from None
    return moment if moment.tzinfo else moment.replace(tzinfo=entry.zone()).astimezone(UTC)
