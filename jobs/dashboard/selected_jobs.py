"""Many jobs at once: those that were ticked, or all that the list shows, are frozen and shown first; then only these
are run, paused or resumed.
"""

from collections.abc import Sequence

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import Act
from jobs.dashboard import asked
from jobs.dashboard.as_declared import obstacles
from jobs.dashboard.pages import Context, act, show
from jobs.dashboard.pause import LENGTHS, NoReason
from jobs.dashboard.refs import ref
from jobs.declarations.registry import registry
from jobs.formats import counted
from jobs.ledger import selections
from jobs.ledger.selections import Result
from jobs.reading import finding
from jobs.reading.board import standings
from jobs.sentences import Sentence
from jobs.verbs.many import NEEDS, act_on_selection

DONE = {Act.PAUSE: "paused", Act.RESUME: "resumed", Act.RUN: "started"}
# How many batches one click acts on, so that no request takes long.
BATCHES = 5


class NothingTicked(Sentence, ValueError):
    """No job that you may {act} is ticked. Tick some, or all that are shown.{why}"""

    def __init__(self, act: Act, refused: Sequence[Result]) -> None:
        why = f" {refused[0].job}: {refused[0].says}" if refused else ""
        super().__init__(act=act.value, why=why)


@act
def select_jobs(request: HttpRequest, actor: Actor) -> str | HttpResponse:
    """Freeze the jobs, and show them with the button that acts on them."""
    what, given = _what(request), {"q": asked.text(request, "q", 200), "show": asked.text(request, "show")}
    chosen = _chosen(request, actor, given)
    refused = _refused(actor, what, chosen)
    left_alone = {each.job for each in refused}
    names = [name for name in chosen if name not in left_alone]
    if not names:
        raise NothingTicked(what, refused)
    selected = selections.select_jobs(names, given, by=actor.name)
    context = {"token": selected.token, "expires_at": selected.expires_at, "names": names, "refused": refused}
    return show(request, actor, "selected_jobs.html", _page(what, counted(len(names), "job")) | context)


@act
def act_on_jobs(request: HttpRequest, actor: Actor) -> str | HttpResponse:
    """Do it to each of the frozen jobs, and show what became of each."""
    what, reason = _what(request), asked.text(request, "reason")
    if what is Act.PAUSE and not reason:
        raise NoReason("these jobs")
    _, length = LENGTHS.get(asked.text(request, "length"), LENGTHS[""])
    until = timezone.now() + length if length else None
    results: list[Result] = []
    token, left = asked.text(request, "token"), 1
    for _ in range(BATCHES):
        applied = act_on_selection(actor, token, what, reason=reason, until=until)
        results, left = [*results, *applied.results], applied.left
        if not left:
            break
    done = sum(result.done for result in results)
    context = {
        "token": token if left else "",
        "names": [""] * left,
        "done": done,
        "refused": [result for result in results if not result.done],
        "started": [result for result in results if result.done and what is Act.RUN],
        "is_done": True,
    }
    return show(request, actor, "selected_jobs.html", _page(what, f"{counted(done, 'job')} {DONE[what]}") | context)


def _refused(actor: Actor, what: Act, names: Sequence[str]) -> list[Result]:
    """Those with which it can't be done as far as is known, each with the reason."""
    forbidden = {name: f"You may not {what.value} {name}." for name in names if not actor.may(NEEDS[what], name)}
    allowed = [name for name in names if name not in forbidden]
    found = forbidden | (obstacles(allowed) if what is Act.RUN else {})
    return [Result(name, name, False, found[name]) for name in names if name in found]


def _page(what: Act, which: str) -> Context:
    return {
        "title": f"{what.label}: {which}",
        "at": "jobs",
        "what": what.value,
        "lengths": [(value, words) for value, (words, _) in LENGTHS.items()],
    }


def _what(request: HttpRequest) -> Act:
    sent = asked.text(request, "act")
    return Act(sent) if sent in DONE else Act.PAUSE


def _chosen(request: HttpRequest, actor: Actor, given: dict[str, str]) -> Sequence[str]:
    """The ticked jobs, or all that the list shows by this filter."""
    seen = actor.seen(registry)
    if asked.text(request, "which") != "all":
        ticked = set(request.POST.getlist("job"))
        return [name for name in seen if ticked & {name, ref(name)}]
    found = finding.matching(standings(seen, timezone.now()), given["q"])
    kind = given["show"] if given["show"] in finding.KINDS else ""
    return [each.job.name for each in finding.of_kind(found, kind)]
