"""Run what was missed: the gaps of a job, what of one would run, and one button that runs it."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone

from jobs import masking
from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard import asked
from jobs.dashboard.pages import Context, act, page
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.formats import command_line, counted
from jobs.ledger import overrides
from jobs.ledger.missed import Missed, NothingNamed
from jobs.models import Gap
from jobs.reading import keyset
from jobs.reading.explain import zone_of
from jobs.sentences import Sentence
from jobs.verbs.missed import preview_missed, run_missed

# So many gaps are listed, and so many occurrences at each end of a long list.
GAPS, ENDS = 50, 5


class NothingShown(Sentence, ValueError):
    """Choose a gap or a window of {job} first, and look at what would run."""

    def __init__(self, job: str) -> None:
        super().__init__(job=job)


def missed(request: HttpRequest, name: str) -> HttpResponseBase:
    """GET shows what would run, POST runs it."""
    return do_run_missed(request, name) if request.method == "POST" else ask(request, name)


@page("missed.html")
def ask(request: HttpRequest, actor: Actor, name: str) -> Context:
    actor.require(Verb.RUN, name)
    job = registry[name]
    zone = zone_of(job)
    context: Context = {
        "title": f"Run what {name} missed",
        "at": "jobs",
        "job": job,
        "zone": zone,
        "after_typed": asked.text(request, "after"),
        "before_typed": asked.text(request, "before"),
    }
    try:
        named = _named(request, job)
        if named["gap"] is None and named["after"] is None:
            return context | {"gaps": list(keyset.by_index(Gap.objects.all(), job=name)[:GAPS])}
        found = preview_missed(actor, name, **named)
    except (Sentence, NothingNamed) as error:
        return context | {"error": str(error)}
    return context | named | _shown(job, found)


def _named(request: HttpRequest, job: Job) -> dict[str, Any]:
    """The gap or the window that the address names. Raises UnreadableMoment."""
    zone, gap = zone_of(job), asked.number(request, "gap")
    after, before = (asked.moment(asked.text(request, name), zone) for name in ("after", "before"))
    return {"gap": gap, "after": after, "before": before or (timezone.now() if after and gap is None else None)}


def _shown(job: Job, found: Missed) -> Context:
    moments: list[datetime] = found.occurrences
    left_out = len(moments) - 2 * ENDS
    return {
        "found": found,
        "first": moments if left_out <= 1 else moments[:ENDS],
        "left_out": left_out if left_out > 1 else 0,
        "last": [] if left_out <= 1 else moments[-ENDS:],
        # What a gap that still grows got since isn't what was shown.
        "until": moments[-1] if moments else None,
        "count": len(moments),
        "command": command_line([job.command, *masking.hide(job, overrides.effective(job).arguments)]),
    }


@act
def do_run_missed(request: HttpRequest, actor: Actor, name: str) -> str:
    gap, zone = asked.number(request, "gap"), zone_of(registry[name]) if name in registry else None
    after, before = (asked.moment(asked.text(request, field), zone) if zone else None for field in ("after", "before"))
    if before is None or (gap is None and after is None):
        raise NothingShown(name)
    repaired = run_missed(
        actor,
        name,
        gap=gap,
        after=after,
        before=before,
        note=asked.text(request, "note"),
        confirm=asked.text(request, "confirm"),
    )
    if not repaired.runs:
        return "Nothing was queued: somebody else has had them run in the meantime."
    ids = sorted(repaired.runs.values())
    which = f"Run {ids[0]} of {name} is" if len(ids) == 1 else f"Runs {ids[0]} to {ids[-1]} of {name} are"
    left = f" {counted(repaired.left, 'occurrence')} still without a run." if repaired.left else ""
    return f"{which} queued, one after another.{left}"
