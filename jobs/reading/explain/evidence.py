"""What an explanation looks at: the ledger's rows of one occurrence, and how its moments are written."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from jobs.choices import EventKind, Trigger
from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import in_force
from jobs.ledger.eras import INSTANT
from jobs.ledger.in_force import InForce
from jobs.models import Event, Gap, Intervention, JobState, Repair, Run
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.occurrences import Schedule
from jobs.schedule.zones import UnknownZone


class Cause(StrEnum):
    """What the explanation comes down to, for programs."""

    RAN = "ran"  # its run has ended, however it did
    RUNNING = "running"  # its run is at work
    QUEUED = "queued"  # its run waits
    SKIPPED = "skipped"  # a rule or an operator said no
    MISSED = "missed"  # nobody was there in time
    WAITS = "waits"  # a step whose predecessors haven't all ended
    NOT_DUE = "not_due"  # it lies ahead
    UNDECIDED = "undecided"  # it was due, and the ledger doesn't reach so far yet
    BEFORE_LEDGER = "before_ledger"  # it lies before what the ledger covers
    UNRECORDED = "unrecorded"  # the ledger covers it and holds nothing: that should never be
    NO_OCCURRENCE = "no_occurrence"  # there is none to explain


type Answer = tuple[Cause, list[str]]


@dataclass(frozen=True, slots=True)
class Clock:
    """How moments are written: by the clock of the job's zone, the date only where it isn't the occurrence's."""

    zone: ZoneInfo
    now: datetime
    occurrence: datetime | None = None

    def full(self, moment: datetime) -> str:
        """With date and zone, and in UTC where that differs: 2026-03-14 03:00 Europe/Berlin (02:00 UTC)."""
        local, utc = moment.astimezone(self.zone), moment.astimezone(UTC)
        text = f"{local:%Y-%m-%d} {_time(local)} {self.zone.key}"
        if local.utcoffset() == timedelta(0):
            return text
        day = "" if local.date() == utc.date() else f"{utc:%Y-%m-%d} "
        return f"{text} ({day}{_time(utc)} UTC)"

    def short(self, moment: datetime) -> str:
        local = moment.astimezone(self.zone)
        if self.occurrence and local.date() == self.occurrence.astimezone(self.zone).date():
            return _time(local)
        return _dated(local)

    def span(self, first: datetime, last: datetime) -> str:
        """From one to the other, with both dates where these differ."""
        begin, end = first.astimezone(self.zone), last.astimezone(self.zone)
        if begin.date() == end.date():
            return f"{self.short(first)} to {_time(end)}"
        return f"{_dated(begin)} to {_dated(end)}"

    def ago(self, moment: datetime) -> timedelta:
        return max(self.now - moment, timedelta(0))


def _dated(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d} {_time(moment)}"


def _time(moment: datetime) -> str:
    return f"{moment:%H:%M:%S}" if moment.second else f"{moment:%H:%M}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Evidence:
    """What the ledger holds of one occurrence, for the job and for all that it comes after."""

    occurrence: datetime
    now: datetime
    schedule: Schedule
    clock: Clock
    states: dict[str, JobState] = field(default_factory=dict)
    runs: dict[str, Run] = field(default_factory=dict)
    gaps: dict[str, Gap] = field(default_factory=dict)
    # What gaps said of it before an operator had it run.
    repairs: dict[str, Repair] = field(default_factory=dict)
    # What is in force now, and what was at the occurrence, though it may have ended since.
    in_force_now: dict[str, InForce] = field(default_factory=dict)
    in_force_then: dict[str, InForce] = field(default_factory=dict)
    # By job, the first edit of its schedule that followed the occurrence.
    edits: dict[str, Event] = field(default_factory=dict)

    @classmethod
    def read(cls, job: Job, schedule: Schedule, occurrence: datetime, now: datetime, clock: Clock) -> "Evidence":
        names = [job.name, *ancestors(job)]
        runs = Run.objects.filter(job__in=names, scheduled_for=occurrence)
        gaps = Gap.objects.filter(job__in=names, first__lte=occurrence, last__gte=occurrence)
        events = Event.objects.filter(job__in=names, kind=EventKind.SCHEDULE_CHANGED, at__gte=occurrence)
        of_jobs = Intervention.objects.filter(job__in=[*names, in_force.EVERYTHING])
        changes = list(of_jobs.at_work(occurrence))
        known = {run.job: run for run in runs.select_related("blocked_by")}
        repairs = _repairs(names, occurrence) if any(run.trigger == Trigger.REPAIR for run in known.values()) else {}
        return cls(
            occurrence=occurrence,
            now=now,
            schedule=schedule,
            clock=clock,
            states=JobState.objects.in_bulk(names),
            in_force_now=in_force.of_each(
                (found for found in changes if found.ended_at is None and not found.is_over(now)), names
            ),
            in_force_then=in_force.of_each((found for found in changes if found.covers(occurrence)), names),
            runs=known,
            gaps={gap.job: gap for gap in gaps.select_related("blocked_by") if covers(gap, occurrence)},
            repairs=repairs,
            edits={event.job: event for event in events.order_by("job", "at").distinct("job")},
        )

    def override(self, name: str) -> Intervention | None:
        """The override of a job that was in force at the occurrence, or else the one that is now."""
        return self.in_force_then.get(name, InForce()).override or self.in_force_now.get(name, InForce()).override


def _repairs(names: Sequence[str], occurrence: datetime) -> dict[str, Repair]:
    found = Repair.objects.filter(job__in=names, first__lte=occurrence, last__gte=occurrence)
    return {each.job: each for each in found.select_related("blocked_by") if covers(each, occurrence)}


def covers(gap: Gap | Repair, moment: datetime) -> bool:
    """Whether the moment is one of the gap's occurrences: by its own schedule, which may have been edited since."""
    try:
        schedule = Schedule.of_fingerprint(gap.fingerprint)
    except (InvalidExpression, UnknownZone):
        return False
    return gap.first <= moment <= gap.last and schedule.next(moment - INSTANT) == moment


def run_in_the_way(run: Run, clock: Clock, at: datetime) -> str:
    """The run that was in the way, and when: it may have been queued, and not running, at that moment."""
    ran = run.attempt == 1 and run.started_at is not None and run.started_at <= at
    start = run.started_at if ran and run.started_at else run.requested_for or run.created_at
    what = "ran" if ran else "was queued or running"
    if run.finished_at is None:
        return (
            f"run {run.pk}, which {'runs' if ran else 'is queued or running'} since {clock.short(start)}, is in its way"
        )
    return f"run {run.pk}, which {what} from {clock.short(start)} to {clock.short(run.finished_at)}, was in its way"


def since(run: Run, clock: Clock) -> str:
    return clock.short(run.started_at or run.created_at)


def ancestors(job: Job) -> list[str]:
    """The declared jobs that this one comes after, near ones first."""
    return [name for name in Graph(registry.values()).ancestors(job) if name in registry]


def joined(texts: Sequence[str]) -> str:
    return f"{', '.join(texts[:-1])} and {texts[-1]}" if len(texts) > 1 else "".join(texts)


def sentence(text: str) -> str:
    text = text.strip()
    return text if text.endswith((".", "!", "?", "…")) else f"{text}."
