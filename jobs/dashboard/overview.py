"""The overview: whether all is well, what to do, what runs, what was since the last visit, and the day's plan."""

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponseBase
from django.urls import reverse
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.alerts.routes import nobody_hears
from jobs.choices import Status, Verb
from jobs.dashboard import links, preferences, visits
from jobs.dashboard.actor import actor_of
from jobs.dashboard.day_plan import day_plan
from jobs.dashboard.pages import POLL, Context, page
from jobs.declarations.registry import registry
from jobs.formats import counted, format_duration
from jobs.models import ChannelOff, LastTick
from jobs.reading.attention import SILENCE, Kind, Matter, attention, troubled
from jobs.reading.board import Standing, standings
from jobs.reading.incidents import open_of_all
from jobs.reading.since import Since, since

# More in a list would bury what matters.
MOST = 50


def overview(request: HttpRequest) -> HttpResponseBase:
    """The page, which notes that somebody was here."""
    answer = front(request)
    if answer.status_code == 200 and POLL not in request.headers:
        visits.keep(request, actor_of(request), answer)
    return answer


@page("overview.html", every=10)
def front(request: HttpRequest, actor: Actor) -> Context:
    now = timezone.now()
    seen = actor.seen(registry)
    found = standings(seen, now)
    matters = attention(found, now, open_of_all(seen, MOST))
    tick = LastTick.objects.values_list("at", flat=True).first()
    headline = _headline(len(found), len(troubled(matters)), tick, now)
    wrong = [matter for matter in matters if not matter.is_mild]
    visit = visits.of(request, actor).before
    return {
        "title": "Overview",
        "at": "overview",
        "is_well": not wrong and not _is_silent(tick, now),
        "tick": tick,
        "is_silent": _is_silent(tick, now),
        "headline": headline,
        "says": headline,
        "hold": next((each.current.hold for each in found if each.current.hold), None),
        "channels_off": list(ChannelOff.objects.order_by("since")),
        "may_switch": actor.may_everywhere(Verb.ALERTS),
        "sees_channels": actor.may_everywhere(Verb.VIEW),
        "unheard": nobody_hears() if found else "",
        "jobs": len(found),
        "wrong": [(matter, next_steps(matter, actor)) for matter in wrong[:MOST]],
        "more_wrong": len(wrong[MOST:]),
        "mild": [(matter, next_steps(matter, actor)) for matter in matters if matter.is_mild][:MOST],
        "running": _running(found, now),
        "visit": visit,
        "since": _counts(since(visit, seen), visit) if visit else (),
        "plan": day_plan(found, now, preferences.of(request).zone, everything=request.GET.get("plan") == "all"),
    }


def next_steps(matter: Matter, actor: Actor) -> list[tuple[str, str]]:
    """Where a person goes on from here, as far as they may: links, each with its words."""
    name, found = matter.job, []
    if matter.incident is not None:
        return [(f"Incident {matter.incident}", reverse("nightshift:incident", args=[matter.incident]))]
    if matter.run is not None:
        found.append((f"Run {matter.run}", reverse("nightshift:run", args=[matter.run])))
    match matter.kind:
        case Kind.FAILING if matter.state == Status.MISSED and matter.since and actor.may(Verb.RUN, name):
            found.append(("Run what was missed", links.missed_of(name, matter.since, matter.since)))
        case Kind.FORGOTTEN_PAUSE if actor.may(Verb.PAUSE, name):
            found.append(("Resume…", links.of_job(name)))
        case Kind.DRIFT if actor.may(Verb.OVERRIDE, name):
            found.append(("End it…", links.of_job(name)))
        case Kind.NEVER_RAN if actor.may(Verb.RUN, name):
            found.append(("Run it…", links.of_job(name)))
    return found or [("See the job", links.of_job(name))]


def _counts(found: Since, moment: datetime) -> list[tuple[str, str, str]]:
    """What was since the last visit: number, words, and the list."""
    runs, after = reverse("nightshift:runs"), ("finished_after", links.utc(moment))
    wrong = {
        "failed": (Status.FAILED,),
        "timed out": (Status.TIMED_OUT,),
        "lost": (Status.LOST,),
        "cancelled": (Status.CANCELLED,),
        "never started": (Status.MISSED, Status.SKIPPED),
    }
    total = found.total
    counts = [
        (
            f"{total:,}{'+' if found.is_capped else ''}",
            "run ended" if total == 1 else "runs ended",
            f"{runs}?{urlencode([after])}",
        )
    ]
    for words, statuses in wrong.items():
        if count := found.of(*statuses):
            counts.append(
                (f"{count:,}", words, f"{runs}?{urlencode([*(('status', status) for status in statuses), after])}")
            )
    if found.missed:
        counts.append((f"{found.missed:,}", "without a run", reverse("nightshift:holes")))
    return counts


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
