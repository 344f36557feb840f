"""The holes of the ledger: all occurrences of a time that had no run, by cause, and the way to run them."""

from dataclasses import dataclass
from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import Fate, Verb
from jobs.dashboard import links
from jobs.dashboard.pages import Context, page
from jobs.dashboard.words import REASONS
from jobs.declarations.registry import registry
from jobs.formats import counted
from jobs.reading.holes import Hole, OfJob, holes

# How far back, by the address.
WINDOWS = {"12": "12 hours", "24": "24 hours", "168": "7 days", "720": "30 days"}
KINDS = {"": "all", Fate.MISSED.value: "nobody was there", Fate.SKIPPED.value: "a rule or a person said no"}
# So many jobs of a hole are listed at first.
AT_FIRST = 6


@dataclass(frozen=True, slots=True)
class Shown:
    """A hole, and of its jobs those that are listed at once and the others: each with the way to run it."""

    hole: Hole
    first: list[tuple[OfJob, str]]
    others: list[tuple[OfJob, str]]

    @classmethod
    def of(cls, hole: Hole, actor: Actor) -> "Shown":
        jobs = [(each, _way(each, actor)) for each in hole.jobs]
        return cls(hole, jobs[:AT_FIRST], jobs[AT_FIRST:])

    @property
    def reasons(self) -> list[str]:
        found = [f"{count:,} {REASONS.get(reason, reason)}" for reason, count in self.hole.reasons]
        return [f"{self.hole.caught_up:,} ran late", *found] if self.hole.caught_up else found


@page("holes.html", every=30)
def ledger_holes(request: HttpRequest, actor: Actor) -> Context:
    hours, kind, job = (request.GET.get(name, "") for name in ("hours", "show", "job"))
    hours, kind = hours if hours in WINDOWS else "24", kind if kind in KINDS else ""
    if job:
        actor.require(Verb.VIEW, job)
    now = timezone.now()
    found, is_capped = holes([job] if job else actor.seen(registry), now - timedelta(hours=int(hours)), now)
    shown = [hole for hole in found if not kind or hole.fate == kind]
    says = _sentence(shown, WINDOWS[hours])

    def query(**changed: str) -> str:
        values = {"hours": hours, "show": kind, "job": job} | changed
        return "?" + urlencode({name: value for name, value in values.items() if value})

    return {
        "title": f"Ledger holes of {job}" if job else "Ledger holes",
        "at": "holes",
        "says": says,
        "sentence": says,
        "is_capped": is_capped,
        "holes": [Shown.of(hole, actor) for hole in shown],
        "job": job,
        "windows": [(words, query(hours=value), value == hours) for value, words in WINDOWS.items()],
        "kinds": [(words, query(show=value), value == kind) for value, words in KINDS.items()],
    }


def _sentence(found: list[Hole], window: str) -> str:
    jobs = {each.job for hole in found for each in hole.jobs}
    if not found:
        return f"No holes in the last {window}: every occurrence had its run."
    total = sum(hole.count for hole in found)
    return f"In the last {window} {counted(total, 'occurrence')} of {counted(len(jobs), 'job')} had no run."


def _way(missed: OfJob, actor: Actor) -> str:
    """Where a person runs what was missed; empty where nobody can, or this one may not."""
    declared = registry.get(missed.job)
    if declared is None or declared.after or not actor.may(Verb.RUN, missed.job):
        return ""
    return links.missed_of(missed.job, missed.first, missed.last)
