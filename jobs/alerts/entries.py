"""What entries of JOBS_ROUTES and JOBS_MAINTENANCE have in common: which jobs they are about, and hours in a zone."""

import difflib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any
from zoneinfo import ZoneInfo

from jobs.alerts.hours import BadDays, BadHours, Hours
from jobs.declarations.job import Job
from jobs.schedule.zones import UnknownZone, zone_called
from jobs.sentences import Sentence


class BadEntry(Sentence, ValueError):
    """{setting}[{place}]: {flaw}"""

    def __init__(self, setting: str, place: int, flaw: str) -> None:
        super().__init__(setting=setting, place=place, flaw=flaw)


@dataclass(frozen=True, slots=True)
class Chosen:
    """Jobs by name or pattern, label and owner. Of each that is given one has to fit; our own outage fits no choice."""

    jobs: tuple[str, ...] = ()
    labels: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()

    def has(self, name: str, job: Job | None) -> bool:
        """Whether the job of this name is among them; `job` is None where it is no longer declared."""
        labels, owner = (job.labels, job.owner) if job else ((), "")
        return (
            (not self.jobs or any(fnmatchcase(name, pattern) for pattern in self.jobs))
            and (not self.labels or bool({*self.labels} & {*labels}))
            and (not self.owners or owner in self.owners)
        )


EVERYTHING = Chosen()


class Entry:
    """One entry, as it is read: each of these raises BadEntry with what is wrong and what to write."""

    def __init__(self, setting: str, place: int, value: Any, keys: Collection[str]) -> None:
        self.setting, self.place = setting, place
        if not isinstance(value, Mapping):
            raise self.bad(f"{type(value).__name__} is not a dictionary. Write one with {', '.join(map(repr, keys))}.")
        self.value: Mapping[str, Any] = value
        for key in value:
            if key not in keys:
                close = difflib.get_close_matches(str(key), keys, n=1)
                fix = f"Did you mean {close[0]!r}?" if close else f"Write some of {', '.join(map(repr, keys))}."
                raise self.bad(f"{key!r} means nothing here. {fix}")

    def bad(self, flaw: str) -> BadEntry:
        return BadEntry(self.setting, self.place, flaw)

    def chosen(self) -> Chosen:
        return Chosen(*(self._words(key) for key in ("jobs", "labels", "owners")))

    def zone(self) -> ZoneInfo:
        name = self.value.get("time_zone")
        if not isinstance(name, str):
            raise self.bad("hours need a zone. Add 'time_zone', such as 'Europe/Berlin'.")
        try:
            return zone_called(name)
        except UnknownZone as unknown:
            raise self.bad(str(unknown)) from None

    def hours(self, key: str, days: object = "mon-sun") -> Hours | None:
        if self.value.get(key) is None:
            return None
        try:
            return Hours.of(self.value[key], self.zone(), days)
        except (BadHours, BadDays) as bad:
            raise self.bad(str(bad)) from None

    def _words(self, key: str) -> tuple[str, ...]:
        found = self.value.get(key, ())
        if not isinstance(found, list | tuple) or not all(isinstance(word, str) for word in found):
            raise self.bad(f"{key!r} is {found!r}. Write a list of strings.")
        return tuple(found)
