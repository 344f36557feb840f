"""The list of runs: newest first, by the API's filters, a page at a time."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Sum
from django.http import HttpRequest

from jobs.access.actor import Actor
from jobs.choices import Act, Trigger, Verb
from jobs.choices import Status as Statuses
from jobs.dashboard import asked, preferences, run_filters
from jobs.dashboard.pages import Context, page
from jobs.dashboard.run_filters import GROUPS, Filters, Unreadable
from jobs.dashboard.words import WORDS
from jobs.declarations.registry import registry
from jobs.models import Attempt, Run
from jobs.reading import run_lists
from jobs.reading.run_sources import Place

SIZE = 50
# Of each moment what it is of a run.
MOMENTS = {"scheduled": "Was due", "started": "Started", "finished": "Ended"}


@page("runs.html", every=10)
def runs(request: HttpRequest, actor: Actor) -> Context:
    zone = preferences.of(request).zone
    filters = run_filters.read(actor, request.GET, zone)
    place = _place(request)
    found = run_lists.page(filters.wanted, SIZE, place)
    jobs = filters.values("job")
    return {
        "title": f"Runs of {', '.join(jobs)}" if jobs else "Runs",
        "at": "runs",
        # Older ones don't change.
        "every": None if place else 10,
        "job": jobs[0] if len(jobs) == 1 else "",
        "filters": filters,
        "value": {name: filters.value(name) for name in run_filters.NAMES},
        "statuses": filters.values("status"),
        "group": filters.value("show"),
        "groups": [
            (name, words, _without(filters, "show", "status").query(show=name)) for name, (words, _) in GROUPS.items()
        ],
        "choices": [(status.value, WORDS[status]) for status in Statuses],
        "triggers": [(trigger.value, trigger.label) for trigger in Trigger],
        "moments": [
            (name, words, *(asked.field(moment, zone) for moment in getattr(filters.wanted, name)))
            for name, words in MOMENTS.items()
        ],
        "is_narrowed": any(name not in ("show", "job", "status", "error") for name, _ in filters.given),
        "given": filters.given,
        "names": sorted(actor.seen(registry)),
        "runs": _with_warnings(found.runs),
        "older": filters.query(**_query_of(found.next)) if found.next else "",
        "newest": filters.query() if place else "",
        "may": {act.value: bool(actor.seen(registry, verb)) for act, verb in ACTS.items()},
    }


ACTS = {Act.RETRY: Verb.RUN, Act.CANCEL: Verb.CANCEL}


def _with_warnings(runs: Sequence[Run]) -> Sequence[Run]:
    """The runs, each with how many lines of its output warn. One query."""
    rows = Attempt.objects.filter(run__in=[run.pk for run in runs], warnings__gt=0)
    counts = dict(rows.order_by("run").values_list("run").annotate(Sum("warnings")))
    for run in runs:
        vars(run)["warnings"] = counts.get(run.pk, 0)
    return runs


def _without(filters: Filters, *names: str) -> Filters:
    return Filters(filters.wanted, [(name, value) for name, value in filters.given if name not in names])


def _place(request: HttpRequest) -> Place | None:
    """Where the page begins: after the run with this number, and with this moment where the list is by one."""
    before, moment = request.GET.get("before", ""), request.GET.get("moment", "")
    if not before:
        return None
    if not (before.isdecimal() and len(before) < 19):
        raise Unreadable("before", before, "the number of a run")
    try:
        return Place(int(before), datetime.fromisoformat(moment) if moment else None)
    except ValueError:
        raise Unreadable("moment", moment, "what the page before gave") from None


def _query_of(place: Place) -> dict[str, str]:
    return {"before": str(place.id), "moment": place.moment.isoformat() if place.moment else ""}
