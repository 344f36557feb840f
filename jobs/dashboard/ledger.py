"""The ledger of one job: every fate, newest first, by kind, purpose, month or day, a page at a time; or what went wrong
at one hour of a weekday.
"""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard import asked
from jobs.dashboard.calendars import WEEKDAYS
from jobs.dashboard.pages import Context, page
from jobs.declarations.registry import registry
from jobs.reading.bad_hours import LATEST, bad_at
from jobs.reading.explain import zone_of
from jobs.reading.fates import PURPOSES, SHOWN, TOP, fates

SIZE = 50


@page("ledger.html", every=10)
def ledger(request: HttpRequest, actor: Actor, name: str) -> Context:
    actor.require(Verb.VIEW, name)
    common: Context = {
        "title": f"Ledger of {name}",
        "at": "jobs",
        "job": registry[name],
        "zone": zone_of(registry[name]),
        "may_run": actor.may(Verb.RUN, name),
    }
    if found := hour_of_week(asked.text(request, "hour")):
        return common | _at_an_hour(name, *found)
    return common | _newest(request, name)


def _at_an_hour(name: str, weekday: int, hour: int) -> Context:
    """What the job's page counts there."""
    return {
        "every": 10,
        "entries": bad_at(name, zone_of(registry[name]), weekday, hour),
        "hour": f"{WEEKDAYS[weekday]} {hour:02}:00",
        "looked_at": LATEST,
        "everything": "?show=wrong",
    }


def _newest(request: HttpRequest, name: str) -> Context:
    show, purpose, when = (asked.text(request, each) for each in ("show", "for", "when"))
    show, purpose = show if show in SHOWN else "", purpose if purpose in PURPOSES else ""
    window = stretch(when)
    run, gap = asked.number(request, "run"), asked.number(request, "gap")
    below = (TOP if run is None else run, TOP if gap is None else gap)
    since, until = window or (None, None)
    found = fates(name, SIZE, below=below, shown=SHOWN[show], since=since, until=until, purpose=purpose)

    def query(**changed: object) -> str:
        given = {"show": show, "for": purpose, "when": when if window else ""} | changed
        return "?" + urlencode({key: value for key, value in given.items() if value not in ("", None)})

    return {
        # Older ones don't change.
        "every": 10 if below == (TOP, TOP) else None,
        "entries": found.entries,
        "show": show,
        "purpose": purpose,
        "when": when if window else "",
        "everything": query(when=""),
        "choices": [(word, word or "all", query(show=word)) for word in SHOWN],
        "purposes": [(word, word or "for any reason", query(**{"for": word})) for word in PURPOSES],
        "older": query(run=found.older[0], gap=found.older[1]) if found.older else "",
        "newest": query() if below != (TOP, TOP) else "",
    }


def hour_of_week(text: str) -> tuple[int, int] | None:
    """A weekday and an hour of the job's zone: "0-07" is Monday from 07:00. None where it is neither."""
    weekday, _, hour = text.partition("-")
    if weekday in set("0123456") and hour in {f"{each:02}" for each in range(24)}:
        return int(weekday), int(hour)
    return None


def stretch(when: str) -> tuple[datetime, datetime] | None:
    """A day (2026-01-31) or a month (2026-01) in UTC; None where it is neither."""
    try:
        if len(when) == len("2026-01"):
            first = date.fromisoformat(f"{when}-01")
            end = (first + timedelta(days=31)).replace(day=1)
        else:
            first = date.fromisoformat(when)
            end = first + timedelta(days=1)
    except (ValueError, OverflowError):
        return None
    return tuple(datetime(day.year, day.month, day.day, tzinfo=UTC) for day in (first, end))  # type: ignore[return-value]
