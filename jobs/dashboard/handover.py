"""The handover: what the next person should know of the last hours. Made to be printed."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from django.http import HttpRequest
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import Status
from jobs.dashboard.pages import Context, page
from jobs.declarations.registry import registry
from jobs.formats import counted
from jobs.models import Event, Note
from jobs.reading.attention import attention
from jobs.reading.audit import OF_ACCESS
from jobs.reading.board import BAD, standings
from jobs.reading.holes import holes
from jobs.reading.incidents import open_of_all
from jobs.reading.keyset import WINDOW
from jobs.reading.since import Ended, since

WINDOWS = {"8": 8, "12": 12, "24": 24, "72": 72}
MOST = 40


@page("handover.html")
def handover(request: HttpRequest, actor: Actor) -> Context:
    now, seen = timezone.now(), actor.seen(registry)
    hours = WINDOWS.get(request.GET.get("hours", ""), 12)
    begin = now - timedelta(hours=hours)
    found = standings(seen, now)
    counts = since(begin, seen)
    missing, _ = holes(seen, begin, now)
    wrong = sorted((each for each in counts.ended if each.status in BAD), key=lambda each: (-each.count, each.job))
    matters = attention(found, now, open_of_all(seen, MOST))
    return {
        "title": "Handover",
        "at": "handover",
        "hours": hours,
        "begin": begin,
        "windows": [(f"{value} hours", f"?hours={value}", value == hours) for value in WINDOWS.values()],
        "sentence": _sentence(counts.total, counts.of(Status.SUCCEEDED), wrong, hours, is_capped=counts.is_capped),
        "wrong": wrong[:MOST],
        "matters": [matter for matter in matters if not matter.is_mild][:MOST],
        "mild": [matter for matter in matters if matter.is_mild][:MOST],
        "holes": missing[:MOST],
        "running": [(each.job, run) for each in found for run in each.running][:MOST],
        "acts": _acts(seen, begin),
        "notes": _notes(seen, begin),
    }


def _sentence(total: int, well: int, wrong: Sequence[Ended], hours: int, *, is_capped: bool) -> str:
    if not total and is_capped:
        return f"None of the latest {WINDOW:,} runs, which ended within the last {hours} hours, is of these jobs."
    if not total:
        return f"No run has ended in the last {hours} hours."
    ended = f"{'More than ' if is_capped else ''}{counted(total, 'run')} ended in the last {hours} hours"
    if not wrong:
        return f"{ended}, and none went wrong."
    bad = sum(each.count for each in wrong)
    jobs = counted(len({each.job for each in wrong}), "job")
    return f"{ended}: {well:,} ok, and {counted(bad, 'run')} of {jobs} went wrong."


def _acts(seen: Sequence[str], begin: datetime) -> list[Event]:
    """What people and programs did with these jobs, or with all, oldest first."""
    newest = Event.objects.exclude(door="").order_by("-pk")[: 10 * MOST]
    known = {*seen, ""}
    found = [event for event in newest if event.at >= begin and event.job in known and event.kind not in OF_ACCESS]
    return found[:MOST][::-1]


def _notes(seen: Sequence[str], begin: datetime) -> list[Note]:
    known = {*seen, ""}
    return [note for note in Note.objects.order_by("-pk")[: 10 * MOST] if note.at >= begin and note.job in known][:MOST]
