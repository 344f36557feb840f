"""What becomes of occurrences: a pure function of the rules, the ledger's state, what runs, and the moment.

`serve` asks it under the job's lock and writes down the answer.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import Enum

from jobs.declarations import Job
from jobs.occurrences import Schedule
from jobs.words import Fate, Misfire, Overlap, Reason, Trigger

# An occurrence taken up within this time is on time: the tick comes once a minute and gives timers half a minute.
ON_TIME = timedelta(minutes=2)
# How many late occurrences `misfire="all"` makes up for at once.
CATCH_UP_LIMIT = 100
INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Activity:
    """A run of the job that is active, or ended after the watermark."""

    run: int
    created_at: datetime
    finished_at: datetime | None = None
    started: bool = True

    @property
    def active(self) -> bool:
        return self.finished_at is None


@dataclass(frozen=True, kw_only=True, slots=True)
class Situation:
    """What `decide` looks at. The window of due occurrences ends at `due_until`: at `now`, or a little before."""

    ledger_through: datetime
    now: datetime
    due_until: datetime
    activity: Sequence[Activity] = ()
    disabled_by: str = ""
    paused: bool = False
    paused_until: datetime | None = None
    paused_by: str = ""
    paused_reason: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Birth:
    """An occurrence that gets a run."""

    scheduled_for: datetime
    trigger: Trigger
    start_by: datetime | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Consecutive occurrences that get none: one gap."""

    first: datetime
    last: datetime
    count: int
    fate: Fate
    reason: Reason
    by: str = ""
    note: str = ""
    blocked_by: int | None = None

    def joins(self, earlier: "Span") -> bool:
        return self.same_cause(earlier.fate, earlier.reason, earlier.by, earlier.note, earlier.blocked_by)

    def same_cause(self, fate: str, reason: str, by: str, note: str, blocked_by: int | None) -> bool:
        return (self.fate, self.reason, self.by, self.note, self.blocked_by) == (fate, reason, by, note, blocked_by)


@dataclass(frozen=True, kw_only=True, slots=True)
class Verdict:
    """The fates of a window, in the order of its occurrences; `replaces` are the runs to cancel."""

    fates: list[Birth | Span] = field(default_factory=list)
    replaces: list[int] = field(default_factory=list)

    @property
    def births(self) -> list[Birth]:
        return [fate for fate in self.fates if isinstance(fate, Birth)]


class Collision(Enum):
    """What an overlap policy says to one more run."""

    START = "start"
    WAIT = "wait"
    SKIP = "skip"
    REPLACE = "replace"


def collide(job: Job, activity: Iterable[Activity]) -> tuple[Collision, int | None]:
    """What to do with one more run of the job, and the run it collides with."""
    active = [run for run in activity if run.active]
    if not active:
        return Collision.START, None
    waiting = next((run for run in active if not run.started), None)
    latest = active[-1].run
    match job.overlap:
        case Overlap.ALLOW if job.max_running is None or len(active) < job.max_running:
            return Collision.START, None
        case Overlap.QUEUE if waiting is None:
            return Collision.WAIT, latest
        case Overlap.QUEUE if waiting is not None:
            return Collision.SKIP, waiting.run
        case Overlap.REPLACE:
            return Collision.REPLACE, latest
    return Collision.SKIP, latest


def decide(job: Job, schedule: Schedule, situation: Situation) -> Verdict:
    """The fate of every occurrence in (ledger_through, due_until]."""
    after, until, now = situation.ledger_through, situation.due_until, situation.now
    if situation.disabled_by:
        note = "The function is disabled in the app's settings."
        return Verdict(
            fates=[*_spans(schedule, after, until, Fate.SKIPPED, Reason.DISABLED, by=situation.disabled_by, note=note)]
        )
    fates: list[Birth | Span] = []
    if situation.paused:
        end = until if situation.paused_until is None else min(until, situation.paused_until - INSTANT)
        fates += _spans(
            schedule,
            after,
            end,
            Fate.SKIPPED,
            Reason.PAUSED,
            by=situation.paused_by,
            note=situation.paused_reason,
        )
        after = max(after, end)
    if after < until:
        verdict = _by_rules(job, schedule, after, until, now, situation.activity)
        return replace(verdict, fates=_joined(fates + verdict.fates))
    return Verdict(fates=_joined(fates))


def _by_rules(
    job: Job, schedule: Schedule, after: datetime, until: datetime, now: datetime, activity: Sequence[Activity]
) -> Verdict:
    """Overlap, start deadline and misfire, in this order: the reason told is the one that came first in time."""
    fates: list[Birth | Span] = []
    free = [(after, until)]
    if job.overlap is Overlap.SKIP:
        for run in activity:
            free, covered = _cut(free, run.created_at - INSTANT, run.finished_at or until)
            for start, end in covered:
                fates += _spans(schedule, start, end, Fate.SKIPPED, Reason.OVERLAP, blocked_by=run.run)
    deadline = job.deadline_at(now)
    if deadline is not None:
        free, expired = _cut(free, None, now - deadline - INSTANT)
        for start, end in expired:
            fates += _spans(schedule, start, end, Fate.MISSED, Reason.TOO_LATE)
    if job.misfire is Misfire.NONE:
        free, late = _cut(free, None, now - ON_TIME - INSTANT)
        for start, end in late:
            fates += _spans(schedule, start, end, Fate.MISSED, Reason.TOO_LATE, note="misfire='none'")

    candidates = _latest(schedule, free, _most_births(job, activity))
    if not candidates:
        return Verdict(fates=_in_order(fates))
    collision, blocked_by = collide(job, activity)
    if collision is Collision.SKIP:
        for start, end in free:
            fates += _spans(schedule, start, end, Fate.SKIPPED, Reason.OVERLAP, blocked_by=blocked_by)
        return Verdict(fates=_in_order(fates))
    free, _ = _cut(free, candidates[0] - INSTANT, None)
    for start, end in free:
        fates += _spans(schedule, start, end, Fate.MISSED, Reason.SUPERSEDED)
    # Only a run that could start at once is held to its deadline: one that waits for another does so by a rule.
    waits = collision is not Collision.START or bool(job.concurrency_group)
    for place, occurrence in enumerate(candidates):
        fates.append(
            Birth(
                scheduled_for=occurrence,
                trigger=Trigger.SCHEDULE if now - occurrence <= ON_TIME else Trigger.CATCH_UP,
                start_by=None if waits or place or deadline is None else occurrence + deadline,
            )
        )
    replaces = [run.run for run in activity if run.active] if collision is Collision.REPLACE else []
    return Verdict(fates=_in_order(fates), replaces=replaces)


def _most_births(job: Job, activity: Sequence[Activity]) -> int:
    """How many late occurrences may be made up for at once."""
    if job.misfire is not Misfire.ALL:
        return 1
    if job.max_running is None:
        return CATCH_UP_LIMIT
    return max(1, min(CATCH_UP_LIMIT, job.max_running - sum(run.active for run in activity)))


type Window = tuple[datetime, datetime]


def _cut(free: list[Window], start: datetime | None, end: datetime | None) -> tuple[list[Window], list[Window]]:
    """Divide windows (after, until] into what lies outside of (start, end] and what lies inside."""
    outside: list[Window] = []
    inside: list[Window] = []
    for after, until in free:
        low = after if start is None else min(max(after, start), until)
        high = until if end is None else max(min(until, end), low)
        outside += [window for window in ((after, low), (high, until)) if window[0] < window[1]]
        inside += [(low, high)] if low < high else []
    return outside, inside


def _latest(schedule: Schedule, free: list[Window], limit: int) -> list[datetime]:
    """The latest occurrences in the windows, `limit` at most, oldest first."""
    found: list[datetime] = []
    for after, until in reversed(free):
        moment = schedule.previous(until + INSTANT)
        while moment is not None and moment > after and len(found) < limit:
            found.append(moment)
            moment = schedule.previous(moment)
    return found[::-1]


def _spans(
    schedule: Schedule,
    after: datetime,
    until: datetime,
    fate: Fate,
    reason: Reason,
    *,
    by: str = "",
    note: str = "",
    blocked_by: int | None = None,
) -> Iterator[Span]:
    """One span for the occurrences in (after, until]; none where there are none."""
    first, last = schedule.next(after), schedule.previous(until + INSTANT)
    if after < until and first is not None and last is not None and first <= last:
        count = 1 if first == last else schedule.count(after, until)
        yield Span(
            first=first, last=last, count=count, fate=fate, reason=reason, by=by, note=note, blocked_by=blocked_by
        )


def _in_order(fates: list[Birth | Span]) -> list[Birth | Span]:
    return sorted(fates, key=lambda fate: fate.scheduled_for if isinstance(fate, Birth) else fate.first)


def _joined(fates: Iterable[Birth | Span]) -> list[Birth | Span]:
    """Neighbours with one cause, in one span."""
    joined: list[Birth | Span] = []
    for fate in _in_order(list(fates)):
        last = joined[-1] if joined else None
        if isinstance(fate, Span) and isinstance(last, Span) and fate.joins(last):
            joined[-1] = replace(last, last=fate.last, count=last.count + fate.count)
        else:
            joined.append(fate)
    return joined
