"""Many runs at once: what a list shows is frozen and shown first, and then only that is retried or cancelled."""

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponseBase
from django.urls import reverse

from jobs.access.actor import Actor
from jobs.choices import Act
from jobs.dashboard import preferences, run_filters
from jobs.dashboard.pages import Context, act, page
from jobs.formats import counted
from jobs.ledger import selections
from jobs.ledger.selections import MOST, Result
from jobs.models import Run
from jobs.models.run import RunQuerySet
from jobs.reading import run_lists
from jobs.sentences import Sentence
from jobs.verbs.many import NEEDS, act_on_selection

# So many of the runs are shown; the results of so many are kept for the next page.
SHOWN = 100
RESULTS = "nightshift.results"
# How many batches one click acts on, so that no request takes long.
BATCHES = 3


class NothingSelected(Sentence, ValueError):
    """No run that you may {act} is selected. Choose some, or another filter."""

    def __init__(self, act: Act) -> None:
        super().__init__(act=act.value)


@act
def select(request: HttpRequest, actor: Actor) -> str | tuple[str, str]:
    """Freeze the runs that were ticked, or all that the filter finds, and lead to their preview."""
    what = Act.CANCEL if request.POST.get("act") == Act.CANCEL else Act.RETRY
    filters = run_filters.read(actor, request.POST, preferences.of(request).zone)
    if request.POST.get("which") == "all":
        chosen = run_lists.ids(filters.wanted, MOST)
    else:
        chosen = [int(each) for each in request.POST.getlist("run") if each.isdecimal() and len(each) < 19]
    runs = Run.objects.filter(pk__in=chosen[: MOST + 1]).only("job", "finished_at")
    ids = [run.pk for run in runs if actor.may(NEEDS[what], run.job) and _fits(run, what)]
    if not ids:
        raise NothingSelected(what)
    given = run_filters.as_json(filters.given)
    selected = selections.select_runs(_with(ids), given, by=actor.name)
    return "", reverse("nightshift:selected", args=[what.value, selected.token])


def selected(request: HttpRequest, what: str, token: str) -> HttpResponseBase:
    """GET shows what is selected, and what became of it so far; POST acts on the next of it."""
    if what not in PAST:
        raise Http404
    return go_on(request, what, token) if request.method == "POST" else preview(request, what, token)


@page("selected.html")
def preview(request: HttpRequest, actor: Actor, what: str, token: str) -> Context:
    found = selections.known(token, by=actor.name)
    members = [each for each in found.members if isinstance(each, int)]
    results = request.session.get(RESULTS, {})
    return {
        "title": f"{what.capitalize()} {counted(found.count, 'run')}",
        "at": "runs",
        "what": what,
        "selection": found,
        "runs": list(_with(members[found.place : found.place + SHOWN]).order_by("pk")),
        "more": max(found.count - found.place - SHOWN, 0),
        "left": found.count - found.place,
        "results": results.get("rows", []) if results.get("selection") == found.pk else [],
        "done": results.get("done", 0) if results.get("selection") == found.pk else 0,
    }


@act
def go_on(request: HttpRequest, actor: Actor, what: str, token: str) -> tuple[str, str]:
    found = selections.known(token, by=actor.name)
    before = request.session.get(RESULTS, {})
    rows: list[Sequence[object]] = before.get("rows", []) if before.get("selection") == found.pk else []
    done = before.get("done", 0) if before.get("selection") == found.pk else 0
    for _ in range(BATCHES):
        applied = act_on_selection(actor, token, Act(what), reason=request.POST.get("reason", "").strip())
        rows = [*rows, *map(_row, applied.results)]
        done += sum(result.done for result in applied.results)
        if not applied.left:
            break
    # What was refused is what a person must read.
    rows = [*(row for row in rows if not row[2]), *(row for row in rows if row[2])][:SHOWN]
    request.session[RESULTS] = {"selection": found.pk, "rows": rows, "done": done}
    return f"{counted(done, 'run')} of {found.count:,} {PAST[Act(what)]}.", request.path


PAST = {Act.RETRY: "retried", Act.CANCEL: "cancelled"}


def _row(result: Result) -> Sequence[object]:
    return [result.member, result.job, result.done, result.says]


def _fits(run: Run, what: Act) -> bool:
    """Whether it makes sense: what has ended is retried, and what is active is cancelled."""
    return (run.finished_at is not None) == (what is Act.RETRY)


def _with(ids: Sequence[int]) -> RunQuerySet:
    return Run.objects.filter(pk__in=ids)
