"""What a digest tells: what went wrong lately, what came of it, and what still is; read from the ledger."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Sum

from jobs.alerts.messages import story, wording
from jobs.choices import Cause, Fate, InterventionKind, NoticeKind, Severity, Status
from jobs.declarations.registry import registry
from jobs.declarations.severity import rank
from jobs.formats import counted, format_duration
from jobs.models import Gap, Incident, Intervention
from jobs.reading import incidents as reading
from jobs.reading.attention import FORGOTTEN
from jobs.reading.since import since

# Of a section so many lines are told.
MOST = 50
FAILED = {Status.FAILED: "failed", Status.TIMED_OUT: "timed out", Status.LOST: "lost"}


@dataclass(frozen=True, slots=True)
class Line:
    """One thing: in words, what else there is to say, and where to look; empty where there is nothing."""

    words: str
    note: str = ""
    link: str = ""


@dataclass(frozen=True, slots=True)
class Section:
    """Things of one kind, and how many more there are than lines."""

    heading: str
    lines: Sequence[Line]
    more: int = 0


@dataclass(frozen=True, slots=True)
class Digest:
    title: str
    severity: Severity
    sections: Sequence[Section]


def of_the_last(window: timedelta, now: datetime) -> Digest:
    """What happened in the time before now, and what is open or paused for long now."""
    begin, long = now - window, format_duration(window)
    still = _open()
    ended = since(begin, registry.keys())
    runs = [each for each in ended.ended if each.status in FAILED]
    missed = _missed(begin)
    for each in ended.ended:
        if each.status == Status.MISSED:
            missed[each.job] += each.count
    over = Incident.objects.filter(resolved_at__gt=begin).exclude(cause=Cause.NOT_RUNNING).order_by("-resolved_at")
    outages = Incident.objects.filter(cause=Cause.NOT_RUNNING).filter(Q(resolved_at=None) | Q(resolved_at__gt=begin))
    sections = [
        _section("Open now", [_of(each, now) for each in still]),
        _section("Over", [_of(each, now) for each in over[: 10 * MOST]]),
        _section(
            "Failed runs" if not ended.is_capped else "Failed runs, of the latest that ended",
            [
                Line(
                    f"{each.job}: {each.count:,} {FAILED[Status(each.status)]}",
                    link=story.address(f"runs/{each.last}/"),
                )
                for each in sorted(runs, key=lambda each: (-each.count, each.job))
            ],
        ),
        _section(
            "Missed",
            [
                Line(f"{job}: {counted(count, 'occurrence')}", link=story.address(f"jobs/{job}/"))
                for job, count in missed.most_common()
            ],
        ),
        _section("We were away", [_of(each, now) for each in outages.order_by("-opened_at")[: 10 * MOST]]),
        _section("Paused for long", list(_paused(now))),
    ]
    said = [
        f"{len(still)} open" if still else "",
        counted(sum(each.count for each in runs), "failed run") if runs else "",
        f"{missed.total():,} missed" if missed else "",
    ]
    what = ", ".join(filter(None, said))
    found = [section for section in sections if section.lines]
    title = f"The last {long}: {what or ('nothing is open' if found else 'nothing went wrong')}"
    return Digest(title, _worst(still), found)


def broken_for(window: timedelta, now: datetime) -> Digest:
    """What has been open for so long."""
    broken = [each for each in _open() if each.opened_at <= now - window]
    long = counted(window.days, "day")
    if not broken:
        return Digest(f"Nothing has been broken for {long}", Severity.INFO, [])
    jobs = len({each.job for each in broken})
    heading = f"Broken for {long}: fix it, pause it, or delete it"
    title = f"{counted(jobs, 'job')} {'has' if jobs == 1 else 'have'} been broken for {long}"
    return Digest(title, _worst(broken), [_section(heading, [_of(each, now) for each in broken])])


def _open() -> list[Incident]:
    """The worst first, and of these the oldest."""
    found = Incident.objects.open().exclude(cause=Cause.NOT_RUNNING)
    return sorted(found, key=lambda each: (reading.rank_of(each), each.pk))


def _missed(begin: datetime) -> Counter[str]:
    """How many occurrences of each job got no run, since nobody was there in time."""
    gaps = Gap.objects.filter(job__in=list(registry.keys()), first__gt=begin, fate=Fate.MISSED)
    return Counter(dict(gaps.values_list("job").annotate(Sum("count"))))


def _paused(now: datetime) -> Iterator[Line]:
    pauses = Intervention.objects.in_force(now).filter(kind=InterventionKind.PAUSE, began_at__lte=now - FORGOTTEN)
    for pause in pauses.order_by("began_at"):
        if job := registry.get(pause.job):
            began = wording.when(pause.began_at, story.zone_of(job))
            why = f": {pause.reason}" if pause.reason else ""
            yield Line(pause.job, f"since {began} by {pause.by}{why}", story.address(f"jobs/{pause.job}/"))


def _of(incident: Incident, now: datetime) -> Line:
    zone = story.zone_of(registry.get(incident.job))
    words = wording.title(NoticeKind.OPENED, [incident], now)
    note = f"since {wording.when(incident.opened_at, zone)}"
    if incident.resolved_at is not None:
        over = wording.title(NoticeKind.RESOLVED, [incident], now)
        note = f"{over.removeprefix(incident.job).strip()}, {wording.when(incident.resolved_at, zone)}"
    elif incident.acknowledged_at is not None:
        note += f"; {incident.acknowledged_by} works on it"
    return Line(words, note, story.address(f"incidents/{incident.pk}/"))


def _section(heading: str, lines: Sequence[Line]) -> Section:
    return Section(heading, lines[:MOST], max(len(lines) - MOST, 0))


def _worst(found: Iterable[Incident]) -> Severity:
    return max(map(reading.severity, found), key=rank, default=Severity.INFO)
