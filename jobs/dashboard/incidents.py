"""The list of incidents: those that are open first, the worst on top, a page at a time."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import Cause, Verb
from jobs.dashboard import asked
from jobs.dashboard.pages import Context, page
from jobs.declarations.registry import registry
from jobs.models import Incident
from jobs.reading import incidents as reading
from jobs.reading.attention import SHAPES
from jobs.reading.incidents import Wanted
from jobs.reading.run_sources import Place

SIZE = 50
SHOWS: dict[str, tuple[str, dict[str, Any]]] = {
    "": ("open", {"is_open": True}),
    "free": ("nobody works on", {"is_open": True, "is_acknowledged": False}),
    "over": ("resolved", {"is_open": False}),
    "all": ("all", {}),
}


@page("incidents.html", every=10)
def incidents(request: HttpRequest, actor: Actor) -> Context:
    given = {name: asked.text(request, name) for name in ("show", "job", "label", "cause")}
    show = given["show"] if given["show"] in SHOWS else ""
    cause = given["cause"] if given["cause"] in Cause.values else ""
    place = _place(request)
    wanted = Wanted(
        jobs=None if actor.may_everywhere(Verb.VIEW) else actor.seen(registry),
        named=_named(given["job"], given["label"]),
        causes=[cause] if cause else (),
        **SHOWS[show][1],
    )
    found = reading.page(wanted, SIZE, place)

    def query(**changed: str) -> str:
        return "?" + urlencode({name: value for name, value in (given | changed).items() if value})

    return {
        "title": "Incidents",
        "sees_channels": actor.may_everywhere(Verb.VIEW),
        "at": "incidents",
        "every": None if place else 10,
        "given": given,
        "is_narrowed": bool(given["job"] or given["label"] or cause),
        "shows": [(words, query(show=name), name == show) for name, (words, _) in SHOWS.items()],
        "shown": SHOWS[show][0],
        "causes": [(each.value, each.label.lower()) for each in Cause],
        "names": sorted(actor.seen(registry)),
        "rows": [row(incident) for incident in found.incidents],
        "older": query(**_query_of(found.next)) if found.next else "",
        "newest": query() if place else "",
    }


def row(incident: Incident) -> dict[str, Any]:
    """An incident as templates show it: with its severity in a word and as a shape."""
    bad = reading.severity(incident)
    return {
        "it": incident,
        "word": bad.value,
        "shape": "succeeded" if incident.resolved_at else SHAPES[bad],
        "is_snoozed": reading.is_snoozed(incident),
    }


def _named(job: str, label: str) -> list[str] | None:
    if not label:
        return [job] if job else None
    return [each.name for each in registry.values() if label in each.labels and job in ("", each.name)]


def _place(request: HttpRequest) -> Place | None:
    number, moment = asked.number(request, "before"), asked.text(request, "moment")
    if number is None:
        return None
    try:
        return Place(number, datetime.fromisoformat(moment) if moment else None)
    except ValueError:
        return None


def _query_of(place: Place) -> dict[str, str]:
    return {"before": str(place.id), "moment": place.moment.isoformat() if place.moment else ""}
