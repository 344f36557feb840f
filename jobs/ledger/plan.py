"""What to do about occurrences: a pure function of the rules, the ledger's state, what runs, and the moment.

`settle` asks it under the job's lock and writes down the answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from jobs.choices import Fate, InterventionKind, Misfire, Overlap, Reason, Trigger
from jobs.declarations.job import Job
from jobs.ledger.eras import INSTANT, Era
from jobs.ledger.overlap import Activity, Collision, collide, in_the_way, replaced
from jobs.models import Intervention

# An occurrence picked up within this time is on time: the tick comes once a minute and gives timers half a minute.
ON_TIME = timedelta(minutes=2)
# How many late occurrences `misfire="all"` makes up for at once.
CATCH_UP_LIMIT = 100


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedRun:
    """An occurrence that gets a run, with the arguments of its time."""

    arguments: tuple[str, ...] = ()
    scheduled_for: datetime
    trigger: Trigger
    start_by: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class PlannedGap:
    """Consecutive occurrences of one schedule that get none: one gap."""

    fingerprint: str
    turn: int = 0
    first: datetime
    last: datetime
    count: int
    fate: Fate
    reason: Reason
    by: str = ""
    note: str = ""
    blocked_by: int | None = None

    def joins(self, earlier: "PlannedGap") -> bool:
        cause = (earlier.fate, earlier.reason, earlier.by, earlier.note, earlier.blocked_by)
        return self.turn == earlier.turn and self.same_cause(*cause)

    def same_cause(self, fate: str, reason: str, by: str, note: str, blocked_by: int | None) -> bool:
        return (self.fate, self.reason, self.by, self.note, self.blocked_by) == (fate, reason, by, note, blocked_by)


@dataclass(frozen=True, kw_only=True, slots=True)
class Plan:
    """What to record of a window, in the order of its occurrences; `replaces` are the runs to cancel."""

    entries: list[PlannedRun | PlannedGap] = field(default_factory=list)
    replaces: list[int] = field(default_factory=list)

    @property
    def runs(self) -> list[PlannedRun]:
        return [entry for entry in self.entries if isinstance(entry, PlannedRun)]


def decide(
    eras: Sequence[Era],
    *,
    now: datetime,
    activity: Sequence[Activity] = (),
    disabled_by: str = "",
    abandoned: bool = False,
    pauses: Sequence[Intervention] = (),
) -> Plan:
    """The plan for every occurrence of these eras, which follow one another. The rules are the last one's.

    `activity`: the runs that are active or ended since. `pauses`: of the job, and after them those of all jobs, which
    are holds. `disabled_by`: the app's setting that does it. `abandoned`: the
    schedule was taken away, and nothing may run by it.
    """
    job = eras[-1].job
    free = [era for era in eras if era.after < era.until]
    if disabled_by:
        note = "The function is disabled in the app's settings."
        return _in_order(_gaps(free, Fate.SKIPPED, Reason.DISABLED, by=disabled_by, note=note))
    entries: list[PlannedRun | PlannedGap] = []
    for pause in pauses:
        free, paused = _cut(free, pause.began_at - INSTANT, pause.end and pause.end - INSTANT)
        reason = Reason.HELD if pause.kind == InterventionKind.HOLD else Reason.PAUSED
        entries += _gaps(paused, Fate.SKIPPED, reason, by=pause.by, note=pause.reason)
    if abandoned:
        return _in_order([*entries, *_gaps(free, Fate.MISSED, Reason.UNSCHEDULED)])
    by_rules, replaces = _by_rules(job, free, now, activity)
    return _in_order([*entries, *by_rules], replaces)


def _by_rules(
    job: Job, free: list[Era], now: datetime, activity: Sequence[Activity]
) -> tuple[list[PlannedRun | PlannedGap], list[int]]:
    """Overlap, start deadline and misfire, in this order: the reason given is the one that came first in time."""
    entries: list[PlannedRun | PlannedGap] = []
    if job.overlap is Overlap.SKIP:
        for run in in_the_way(activity):
            free, covered = _cut(free, run.since - INSTANT, run.finished_at)
            entries += _gaps(covered, Fate.SKIPPED, Reason.OVERLAP, blocked_by=run.run)
    within_deadline: list[Era] = []
    for era in free:
        deadline = era.job.deadline_at(now)
        expired_until = era.after if deadline is None else now - deadline - INSTANT
        punctual, expired = _cut([era], None, expired_until)
        within_deadline += punctual
        entries += _gaps(expired, Fate.MISSED, Reason.TOO_LATE)
    free = within_deadline
    if job.misfire is Misfire.NONE:
        free, late = _cut(free, None, now - ON_TIME - INSTANT)
        entries += _gaps(late, Fate.MISSED, Reason.TOO_LATE, note="misfire='none'")

    candidates = _latest(free, _most_runs(job, activity))
    if not candidates:
        return entries, []
    collision, blocked_by = collide(job, activity)
    if collision is Collision.SKIP:
        return [*entries, *_gaps(free, Fate.SKIPPED, Reason.OVERLAP, blocked_by=blocked_by)], []
    _, superseded = _cut(free, None, candidates[0][0] - INSTANT)
    entries += _gaps(superseded, Fate.MISSED, Reason.SUPERSEDED)
    # Only a run that could start at once is held to its deadline: one that waits for another does so by a rule.
    yielding = any(run.yields and run.active for run in activity)
    waits = collision is not Collision.START or bool(job.concurrency_group) or yielding
    for place, (occurrence, era) in enumerate(candidates):
        entries.append(
            PlannedRun(
                scheduled_for=occurrence,
                trigger=Trigger.SCHEDULE if now - occurrence <= ON_TIME else Trigger.CATCH_UP,
                start_by=None if waits or place else _start_by(occurrence, era, now),
                arguments=era.job.arguments,
            )
        )
    return entries, replaced(job, activity) if collision is Collision.REPLACE else []


def _start_by(occurrence: datetime, era: Era, now: datetime) -> datetime | None:
    deadline = era.job.deadline_at(now)
    return None if deadline is None else occurrence + deadline


def _most_runs(job: Job, activity: Sequence[Activity]) -> int:
    """How many late occurrences may be made up for at once."""
    if job.misfire is not Misfire.ALL:
        return 1
    if job.max_running is None:
        return CATCH_UP_LIMIT
    return max(1, min(CATCH_UP_LIMIT, job.max_running - sum(run.active for run in in_the_way(activity))))


def _cut(free: list[Era], start: datetime | None, end: datetime | None) -> tuple[list[Era], list[Era]]:
    """Divide eras into what lies outside of (start, end] and what lies inside; None: without a bound."""
    outside: list[Era] = []
    inside: list[Era] = []
    for era in free:
        after, until = era.after, era.until
        low = after if start is None else min(max(after, start), until)
        high = until if end is None else max(min(until, end), low)
        parts = (after, low), (high, until)
        outside += [era._replace(after=start, until=end) for start, end in parts if start < end]
        inside += [era._replace(after=low, until=high)] if low < high else []
    return outside, inside


def _latest(free: list[Era], limit: int) -> list[tuple[datetime, Era]]:
    """The latest occurrences in the eras, `limit` at most, oldest first."""
    found: list[tuple[datetime, Era]] = []
    for era in reversed(free):
        before = era.until + INSTANT
        while len(found) < limit and (moment := era.schedule.previous(before)) and moment > era.after:
            found.append((moment, era))
            before = moment
    return found[::-1]


def _gaps(
    eras: Iterable[Era],
    fate: Fate,
    reason: Reason,
    *,
    by: str = "",
    note: str = "",
    blocked_by: int | None = None,
) -> Iterator[PlannedGap]:
    """A gap for the occurrences of each era; none where there are none."""
    for era in eras:
        schedule, after, until = era.schedule, era.after, era.until
        first, last = schedule.next(after), schedule.previous(until + INSTANT)
        if first is not None and last is not None and first <= last:
            yield PlannedGap(
                fingerprint=era.job.fingerprint,
                turn=era.turn,
                first=first,
                last=last,
                count=1 if first == last else schedule.count(after, until),
                fate=fate,
                reason=reason,
                by=by,
                note=note,
                blocked_by=blocked_by,
            )


def _in_order(entries: Iterable[PlannedRun | PlannedGap], replaces: Iterable[int] = ()) -> Plan:
    """In the order of the occurrences; neighbours with one cause are one gap."""
    joined: list[PlannedRun | PlannedGap] = []
    for entry in sorted(entries, key=_begins):
        last = joined[-1] if joined else None
        if isinstance(entry, PlannedGap) and isinstance(last, PlannedGap) and entry.joins(last):
            joined[-1] = replace(last, last=entry.last, count=last.count + entry.count)
        else:
            joined.append(entry)
    return Plan(entries=joined, replaces=list(replaces))


def _begins(entry: PlannedRun | PlannedGap) -> datetime:
    return entry.scheduled_for if isinstance(entry, PlannedRun) else entry.first
