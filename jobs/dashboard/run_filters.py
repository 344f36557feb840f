"""Which runs a list shows, from its address: the filters have the names that the API gives them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import QueryDict
from django.utils.dateparse import parse_datetime

from jobs.access.actor import Actor
from jobs.choices import Status, Trigger, Verb
from jobs.declarations.registry import registry
from jobs.reading.board import BAD
from jobs.reading.run_lists import Between, Wanted
from jobs.sentences import Sentence

NAMES = (
    *("job", "label", "status", "show", "trigger", "requested_by", "release", "instance", "error", "attempts"),
    *("min_duration", "max_duration", "pinned"),
    *(f"{name}_{side}" for name in ("scheduled", "started", "finished") for side in ("after", "before")),
)
# What a person looks for most often, in one word.
GROUPS: Mapping[str, tuple[str, tuple[Status, ...]]] = {
    "": ("all", ()),
    "bad": ("went wrong", tuple(sorted(BAD))),
    "active": ("active", (Status.RUNNING, Status.QUEUED)),
}
# In days: ten years.
LONGEST = 3650 * 86_400
LONGEST_TEXT = 300


class Unreadable(Sentence, ValueError):
    """{name} is {value!r}. Write {what}."""

    def __init__(self, name: str, value: str, what: str) -> None:
        super().__init__(name=name, value=value, what=what)


@dataclass(frozen=True, slots=True)
class Filters:
    """`given` are the filters that choose something, as they stand in the address."""

    wanted: Wanted
    given: Sequence[tuple[str, str]]

    def query(self, **changed: str) -> str:
        """The address with something added: "?status=failed&before=12"."""
        return "?" + urlencode([*self.given, *((name, value) for name, value in changed.items() if value)])

    def value(self, name: str) -> str:
        return next((value for each, value in self.given if each == name), "")

    def values(self, name: str) -> list[str]:
        return [value for each, value in self.given if each == name]


def read(actor: Actor, asked: QueryDict, zone: ZoneInfo) -> Filters:
    """The filters of an address; moments without an offset are in this zone. Raises Unreadable, or Unseen of a job."""
    given = [(name, value.strip()[:LONGEST_TEXT]) for name in NAMES for value in asked.getlist(name) if value.strip()]
    found = Filters(Wanted(), given)
    for name in found.values("job"):
        actor.require(Verb.VIEW, name)
    statuses = [_one_of("status", value, Status.values) for value in found.values("status")]
    group = _one_of("show", found.value("show"), list(GROUPS))

    def between(name: str) -> Between:
        return Between(*(_moment(f"{name}_{side}", found, zone) for side in ("after", "before")))

    wanted = Wanted(
        jobs=_jobs(actor, found.values("job"), found.value("label")),
        statuses=statuses or GROUPS[group][1],
        trigger=_one_of("trigger", found.value("trigger"), ["", *Trigger.values]),
        scheduled=between("scheduled"),
        started=between("started"),
        finished=between("finished"),
        min_duration=_length("min_duration", found.value("min_duration")),
        max_duration=_length("max_duration", found.value("max_duration")),
        attempts=_attempts(found.value("attempts")),
        pinned=True if found.value("pinned") else None,
        requested_by=found.value("requested_by"),
        release=found.value("release"),
        instance=found.value("instance"),
        error=found.value("error"),
    )
    return Filters(wanted, given)


def _jobs(actor: Actor, named: Sequence[str], label: str) -> list[str] | None:
    """The jobs whose runs are shown; None for those of all, also of jobs that nobody declares any more."""
    chosen = list(dict.fromkeys(named)) or None
    if label:
        chosen = [job.name for job in registry.values() if label in job.labels and (not chosen or job.name in chosen)]
    if actor.may_everywhere(Verb.VIEW):
        return chosen
    return actor.seen(registry if chosen is None else chosen)


def _one_of(name: str, value: str, values: Sequence[str]) -> str:
    if value not in values:
        raise Unreadable(name, value, f"one of: {', '.join(filter(None, values))}")
    return value


def _moment(name: str, found: Filters, zone: ZoneInfo) -> datetime | None:
    value = found.value(name)
    if not value:
        return None
    try:
        moment = parse_datetime(value)
    except ValueError:
        moment = None
    if moment is None or not 1 < moment.year < 9999:
        raise Unreadable(name, value, "a date and time such as 2026-01-31T16:15")
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _length(name: str, value: str) -> timedelta | None:
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1
    if not 0 <= seconds <= LONGEST:
        raise Unreadable(name, value, "a number of seconds such as 90")
    return timedelta(seconds=seconds)


def _attempts(value: str) -> int | None:
    if value and not (value.isdecimal() and len(value) < 7):
        raise Unreadable("attempts", value, "a whole number such as 2")
    return int(value) if value else None


def as_json(given: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """The filters as a selection keeps them."""
    found: dict[str, Any] = {}
    for name, value in given:
        found.setdefault(name, []).append(value)
    return {name: values if len(values) > 1 else values[0] for name, values in found.items()}
