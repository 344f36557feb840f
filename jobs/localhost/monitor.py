"""The schedule monitor: when each timer last fired and when it will next, in a file as the host keeps it in a blob."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

from jobs.schedule.ncrontab import Expression

# A timer with a shorter period has no status (docs/reference/azure.md, "Timers").
SHORTEST_MONITORED = timedelta(minutes=1)
# What C# writes for a moment that never was.
NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Status:
    """The schedule status that a timer's function gets. `next` is None if no occurrence follows."""

    last: datetime | None
    next: datetime | None
    last_updated: datetime

    def as_json(self) -> dict[str, str]:
        """As the host writes it."""
        # No occurrence comes: to C# that is the end of time.
        following = self.next or datetime.max.replace(tzinfo=UTC)
        return {
            "Last": (self.last or NEVER).isoformat(),
            "Next": following.isoformat(),
            "LastUpdated": self.last_updated.isoformat(),
        }

    @classmethod
    def from_json(cls, found: dict[str, str]) -> "Status":
        last, following = datetime.fromisoformat(found["Last"]), datetime.fromisoformat(found["Next"])
        return cls(
            last=None if last == NEVER else last,
            next=None if following == datetime.max.replace(tzinfo=UTC) else following,
            last_updated=datetime.fromisoformat(found["LastUpdated"]),
        )


class Monitor:
    """The statuses of all timers, in one JSON file that survives the host."""

    def __init__(self, file: Path) -> None:
        self.file = file

    def read(self, timer: str) -> Status | None:
        """The timer's status; None for one that was never seen."""
        found = self._all().get(timer)
        return Status.from_json(found) if found else None

    def write(self, timer: str, status: Status) -> None:
        self.file.parent.mkdir(parents=True, exist_ok=True)
        # Written beside and moved into place: a host that is killed here leaves the file whole.
        beside = self.file.with_suffix(".new")
        beside.write_text(json.dumps(self._all() | {timer: status.as_json()}, indent=2))
        beside.replace(self.file)

    def _all(self) -> dict[str, dict[str, str]]:
        try:
            return dict(json.loads(self.file.read_text()))
        except FileNotFoundError:
            return {}


def watches(schedule: Expression, now: datetime) -> bool:
    """Whether the host keeps its status: not if two of the next five firings are less than a minute apart."""
    moments = [now]
    while len(moments) < 6 and (following := occurrence_after(schedule, moments[-1])):
        moments.append(following)
    return all(later - earlier >= SHORTEST_MONITORED for earlier, later in pairwise(moments[1:]))


def occurrence_after(schedule: Expression, moment: datetime) -> datetime | None:
    """The first occurrence strictly after this moment, in UTC."""
    found = schedule.next(moment.astimezone(UTC).replace(tzinfo=None))
    return found.replace(tzinfo=UTC) if found else None
