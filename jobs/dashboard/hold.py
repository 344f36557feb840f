"""Hold everything, end the hold, and what it has swallowed."""

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard import asked
from jobs.dashboard.holes import rows
from jobs.dashboard.pages import Context, act, page
from jobs.dashboard.pause import LENGTHS, NoReason
from jobs.ledger import holds, in_force
from jobs.verbs import hold as verbs

# So many gaps of it are listed.
MOST = 100


def hold(request: HttpRequest) -> HttpResponseBase:
    """GET shows it, POST begins or ends it."""
    return do_hold(request) if request.method == "POST" else ask(request)


@page("hold.html")
def ask(request: HttpRequest, actor: Actor) -> Context:
    """For everybody: who finds nothing starting wants to know why."""
    held, latest = in_force.hold(), holds.latest()
    swallowed = [gap for gap in holds.swallowed(latest) if actor.may(Verb.VIEW, gap.job)] if latest else []
    return {
        "title": "Everything is held" if held else "Hold everything",
        "at": "hold",
        "held": held,
        "latest": latest,
        "swallowed": rows(request, actor, swallowed[:MOST]),
        "more": len(swallowed[MOST:]),
        "may_hold": actor.may_everywhere(Verb.PAUSE),
        "lengths": [(value, words) for value, (words, _) in LENGTHS.items()],
    }


@act
def do_hold(request: HttpRequest, actor: Actor) -> str:
    if "end" in request.POST:
        verbs.end_hold(actor)
        return "The hold is ended: jobs start by themselves again. What it swallowed stays skipped, until it is run."
    reason = asked.text(request, "reason")
    if not reason and actor.may_everywhere(Verb.PAUSE):
        raise NoReason("everything")
    words, length = LENGTHS.get(asked.text(request, "length"), LENGTHS[""])
    until = timezone.now() + length if length else None
    verbs.hold(actor, reason=reason, until=until, all_starts="all_starts" in request.POST)
    return f"Everything is held {'for ' if length else ''}{words if length else 'until somebody ends it'}."
