"""The calendar: a week of load by the schedules, where runs collide, and where it is quiet."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils import timezone
from django.utils.dateparse import parse_date, parse_datetime

from jobs.access.actor import Actor
from jobs.conf import conf
from jobs.dashboard import links, preferences
from jobs.dashboard.pages import Context, page
from jobs.declarations.registry import registry
from jobs.formats import counted
from jobs.reading import load
from jobs.reading.board import planned
from jobs.reading.load import MINUTE, Busy, Crowd

HOUR = timedelta(hours=1)
DAYS = 7
FURTHEST = timedelta(days=366)
# So many collisions, quiet times, and jobs of a collision are listed.
MOST, NAMED = 10, 8
# Of so many the jobs are looked up, the fullest first.
LOOKED_AT = 100
# An hour in which nothing is at work is quiet.
QUIET = 60


@dataclass(frozen=True, kw_only=True, slots=True)
class Cell:
    """An hour of a day: how many runs start, how many are at work at once, and how full that is, from 0 to 4."""

    at: str
    starts: int
    most: int
    level: int
    is_chosen: bool

    @property
    def said(self) -> str:
        return f"{counted(self.starts, 'start')}, at most {self.most} at work"


@dataclass(frozen=True, slots=True)
class Collision:
    """The first of those at one time of the day with the same jobs, and on how many days it comes."""

    begin: datetime
    end: datetime
    most: int
    jobs: list[str]
    times: int

    @property
    def named(self) -> list[str]:
        return self.jobs[:NAMED]

    @property
    def others(self) -> int:
        return len(self.jobs[NAMED:])


@page("calendar.html", every=60)
def calendar(request: HttpRequest, actor: Actor) -> Context:
    now, zone = timezone.now(), preferences.of(request).zone
    first = _first(request.GET.get("from", ""), now.astimezone(zone).date())
    days = [first + timedelta(days=day) for day in range(DAYS + 1)]
    midnights = [datetime.combine(day, time(), zone).astimezone(UTC) for day in days]
    begin, length = midnights[0], midnights[-1] - midnights[0]
    found = load.busy(planned(actor.seen(registry), now), begin, length)
    loads = load.at_work(found, length // MINUTE)
    starts = load.starts_by_hour(found)
    hour = _hour(request.GET.get("hour", ""), begin, begin + length)
    collisions = _collisions(found, loads, begin, zone)
    busiest = max(range(len(loads)), key=loads.__getitem__)
    return {
        "title": "Calendar",
        "at": "calendar",
        "says": f"The week from {first:%-d %B}",
        "days": days[:-1],
        "today": now.astimezone(zone).date(),
        "hours": _table(begin, loads, starts, zone, hour),
        "slots": conf.JOBS_MAX_RUNNING,
        "due": len(found),
        "most": loads[busiest],
        "most_at": begin + busiest * MINUTE,
        "collisions": collisions[:MOST],
        "more_collisions": len(collisions[MOST:]),
        "quiet": [(begin + one * MINUTE, begin + other * MINUTE) for one, other in load.quiet(loads, QUIET)[:MOST]],
        "hour": hour,
        "in_hour": _in_hour(found, (hour - begin) // MINUTE) if hour else (),
        "week": f"?from={first}",
        "before": f"?from={first - timedelta(days=DAYS)}",
        "after": f"?from={first + timedelta(days=DAYS)}",
    }


def _first(text: str, today: date) -> date:
    """The first day that is shown; today where the address has none, or one that is years away."""
    try:
        found = parse_date(text)
    except ValueError:
        found = None
    return found if found and abs(found - today) <= FURTHEST else today


def _hour(text: str, begin: datetime, end: datetime) -> datetime | None:
    """The hour of the week whose jobs are listed."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found and found.tzinfo and begin <= found < end else None


def _table(
    begin: datetime, loads: Sequence[int], starts: Counter[int], zone: ZoneInfo, chosen: datetime | None
) -> list[tuple[int, list[Cell | None]]]:
    """By hour of the day its cell of each day: None for one that the clock jumps over; one that comes twice is one."""
    first = begin.astimezone(zone).date()
    cells: dict[tuple[int, int], Cell] = {}
    for number in range(len(loads) // 60):
        at = begin + number * HOUR
        local = at.astimezone(zone)
        most = max(loads[number * 60 : number * 60 + 60])
        place = (local.hour, (local.date() - first).days)
        if former := cells.get(place):
            most = max(most, former.most)
        cells[place] = Cell(
            at=links.utc(at),
            starts=starts[number] + (former.starts if former else 0),
            most=most,
            level=_level(most),
            is_chosen=at == chosen,
        )
    return [(hour, [cells.get((hour, day)) for day in range(DAYS)]) for hour in range(24)]


def _level(most: int) -> int:
    """4 is more than one instance runs."""
    slots = conf.JOBS_MAX_RUNNING
    return 4 if most > slots else -(-3 * most // slots)


def _collisions(found: Sequence[Busy], loads: Sequence[int], begin: datetime, zone: ZoneInfo) -> list[Collision]:
    """Where more is at work than one instance runs: the fullest first."""
    crowds = sorted(load.crowds(loads, conf.JOBS_MAX_RUNNING), key=lambda crowd: (-crowd.most, crowd.begin))
    alike: dict[tuple[object, ...], list[Crowd]] = {}
    fullest = {crowd: loads.index(crowd.most, crowd.begin, crowd.end) for crowd in crowds[:LOOKED_AT]}
    at_work = load.jobs_at_work(found, fullest.values())
    for crowd, minute in fullest.items():
        names = at_work[minute]
        clock = (begin + crowd.begin * MINUTE).astimezone(zone).time()
        alike.setdefault((clock, crowd.end - crowd.begin, crowd.most, *names), []).append(crowd)
    return [
        Collision(
            begin + crowd.begin * MINUTE, begin + crowd.end * MINUTE, crowd.most, list(map(str, names)), 1 + len(rest)
        )
        for (_, _, _, *names), (crowd, *rest) in alike.items()
    ]


def _in_hour(found: Sequence[Busy], begin: int) -> list[tuple[Busy, list[str], bool]]:
    """The jobs that start in an hour or are still at work, with the minutes of their starts."""
    rows = []
    for each in found:
        minutes = [start - begin for start in each.starts if begin <= start < begin + 60]
        goes_on = any(start < begin < start + each.most for start in each.starts)
        if minutes or goes_on:
            rows.append((each, [f":{minute:02}" for minute in minutes[:12]], goes_on))
    return rows
