"""The overview: whether all is well, what to do, and what runs."""

from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.dashboard.pages import Context, page
from jobs.declarations.registry import registry
from jobs.formats import counted, format_duration
from jobs.models import LastTick
from jobs.reading.attention import SILENCE, attention, troubled
from jobs.reading.board import Standing, standings

# More in a list would bury what matters.
MOST = 50


@page("overview.html", every=10)
def overview(request: HttpRequest, actor: Actor) -> Context:
    now = timezone.now()
    found = standings(actor.seen(registry), now)
    matters = attention(found, now)
    tick = LastTick.objects.values_list("at", flat=True).first()
    headline = _headline(len(found), len(troubled(matters)), tick, now)
    wrong = [matter for matter in matters if not matter.is_mild]
    return {
        "title": "Overview",
        "at": "overview",
        "is_well": not wrong and not _is_silent(tick, now),
        "tick": tick,
        "is_silent": _is_silent(tick, now),
        "headline": headline,
        "says": headline,
        "jobs": len(found),
        "wrong": wrong[:MOST],
        "more_wrong": len(wrong[MOST:]),
        "mild": [matter for matter in matters if matter.is_mild][:MOST],
        "running": _running(found, now),
    }


def _is_silent(tick: datetime | None, now: datetime) -> bool:
    return tick is None or now - tick > SILENCE


def _headline(jobs: int, wrong: int, tick: datetime | None, now: datetime) -> str:
    """The first sentence of the page: whether all is well."""
    if tick is None:
        return "Nothing runs by itself yet: no tick has ended."
    if _is_silent(tick, now):
        return f"Nothing is started: the last tick ended {format_duration(now - tick)} ago, and one comes each minute."
    if not jobs:
        return "No job is declared yet."
    if not wrong:
        return "The only job is as it should be." if jobs == 1 else f"All {jobs:,} jobs are as they should be."
    return f"{jobs - wrong:,} of {counted(jobs, 'job')} are as they should be."


def _running(found: list[Standing], now: datetime) -> list[dict[str, Any]]:
    """What runs now, the longest first; each with its progress, and its time against the usual one."""
    at_work = [(run.since, run, standing) for standing in found for run in standing.running]
    at_work.sort(key=lambda each: each[0])
    return [
        {"job": standing.job, "run": run, "usual": standing.usual, "share": _share(run.done, run.total)}
        for _, run, standing in at_work[:MOST]
    ]


def _share(done: float | None, total: float | None) -> int | None:
    return min(round(100 * done / total), 100) if done is not None and total else None
