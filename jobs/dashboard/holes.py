"""The holes of the ledger: all occurrences of a time that had no run, by cause, and the way to run them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.html import escape
from django.utils.safestring import SafeString

from jobs.access.actor import Actor
from jobs.choices import Fate, Verb
from jobs.dashboard import asked, links, moments, preferences
from jobs.dashboard.pages import Context, page
from jobs.dashboard.tags import day
from jobs.dashboard.words import REASONS
from jobs.declarations.registry import registry
from jobs.formats import counted
from jobs.models import Gap
from jobs.reading.holes import Hole, OfJob, holes

# How far back, by the address.
WINDOWS = {"12": "12 hours", "24": "24 hours", "168": "7 days", "720": "30 days"}
KINDS = {"": "all", Fate.MISSED.value: "nobody was there", Fate.SKIPPED.value: "a rule or a person said no"}
# So many holes are on a page; of each so many jobs are listed at first, and so many more folded. It has a page of its
# own with all.
SIZE, AT_FIRST, FOLDED = 25, 5, 10


@dataclass(frozen=True, slots=True)
class Shown:
    """A hole, and of its jobs those that are listed at once and the others: each a row. `more` jobs have none here."""

    hole: Hole
    first: list[SafeString]
    others: list[SafeString]
    more: int

    @classmethod
    def of(cls, hole: Hole, write: Callable[[OfJob], SafeString], *, whole: bool) -> "Shown":
        jobs = hole.jobs
        first = jobs if whole else jobs[:AT_FIRST]
        others = jobs[len(first) : len(first) + FOLDED]
        return cls(hole, [*map(write, first)], [*map(write, others)], len(jobs) - len(first) - len(others))

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
    key, number = asked.text(request, "hole"), asked.number(request, "page") or 1
    listed = [hole for hole in found if not kind or hole.fate == kind]
    chosen = [hole for hole in found if hole.key == key] if key else []
    shown = chosen or listed[SIZE * (number - 1) : SIZE * number]
    says = _sentence(chosen or listed, WINDOWS[hours])
    zone = preferences.of(request).zone

    def query(**changed: str) -> str:
        values = {"hours": hours, "show": kind, "job": job} | changed
        return "?" + urlencode({name: value for name, value in values.items() if value})

    def row(missed: OfJob) -> SafeString:
        return _row(missed, actor, now, zone)

    return {
        "title": f"Ledger holes of {job}" if job else "Ledger holes",
        "at": "holes",
        "says": says,
        "sentence": says,
        "is_capped": is_capped,
        "holes": [(Shown.of(hole, row, whole=bool(chosen)), query(hole=hole.key)) for hole in shown],
        "is_one": bool(chosen),
        "everything": query(),
        "older": query(page=str(number + 1)) if not chosen and len(listed) > SIZE * number else "",
        "newest": query() if not chosen and number > 1 else "",
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


def rows(request: HttpRequest, actor: Actor, gaps: Iterable[Gap]) -> list[SafeString]:
    """A row for each gap, with the way to run it."""
    now, zone = timezone.now(), preferences.of(request).zone
    found = [OfJob(job=gap.job, first=gap.first, last=gap.last, count=gap.count) for gap in gaps]
    return [_row(missed, actor, now, zone) for missed in found]


def _row(missed: OfJob, actor: Actor, now: datetime, zone: ZoneInfo) -> SafeString:
    """No template is asked: 500 jobs may have been hit by one outage."""
    name = escape(missed.job)
    job, ledger = (escape(reverse(f"nightshift:{page}", args=[missed.job])) for page in ("job", "ledger"))
    first, last = (moments.tag(moment, "clock", now, zone) for moment in (missed.first, missed.last))
    way = _way(missed, actor)
    cells = (
        f"<td data-label=Job><a href={job}>{name}</a>",
        f'<td data-label=Occurrences class=n><a href="{ledger}?show=without+a+run&amp;when={day(missed.first)}">'
        f"{missed.count:,}</a>",
        f"<td data-label=First class=n>{first}<td data-label=Last class=n>{last}",
        f'<td class=n><a class=button href="{escape(way)}">Run what was missed</a>' if way else "<td>",
    )
    return SafeString(f"<tr>{''.join(cells)}")


def _way(missed: OfJob, actor: Actor) -> str:
    """Where a person runs what was missed; empty where nobody can, or this one may not."""
    declared = registry.get(missed.job)
    if declared is None or declared.after or not actor.may(Verb.RUN, missed.job):
        return ""
    return links.missed_of(missed.job, missed.first, missed.last)
