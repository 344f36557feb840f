"""The ledger of one job: every fate, newest first, by kind and by month or day, a page at a time."""

from datetime import UTC, date, datetime, timedelta
from urllib.parse import urlencode

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard import asked
from jobs.dashboard.pages import Context, page
from jobs.declarations.registry import registry
from jobs.reading.explain import zone_of
from jobs.reading.fates import SHOWN, TOP, fates

SIZE = 50


@page("ledger.html", every=10)
def ledger(request: HttpRequest, actor: Actor, name: str) -> Context:
    actor.require(Verb.VIEW, name)
    show, when = asked.text(request, "show"), asked.text(request, "when")
    show = show if show in SHOWN else ""
    window = stretch(when)
    run, gap = asked.number(request, "run"), asked.number(request, "gap")
    below = (TOP if run is None else run, TOP if gap is None else gap)
    since, until = window or (None, None)
    found = fates(name, SIZE, below=below, shown=SHOWN[show], since=since, until=until)

    def query(**changed: object) -> str:
        given = {"show": show, "when": when if window else ""} | changed
        return "?" + urlencode({key: value for key, value in given.items() if value not in ("", None)})

    return {
        "title": f"Ledger of {name}",
        "at": "jobs",
        # Older ones don't change.
        "every": 10 if below == (TOP, TOP) else None,
        "job": registry[name],
        "zone": zone_of(registry[name]),
        "entries": found.entries,
        "show": show,
        "when": when if window else "",
        "everything": query(when=""),
        "choices": [(word, word or "all", query(show=word)) for word in SHOWN],
        "older": query(run=found.older[0], gap=found.older[1]) if found.older else "",
        "newest": query() if below != (TOP, TOP) else "",
        "may_run": actor.may(Verb.RUN, name),
    }


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
