"""Which incidents a rule would have opened: over what is past, what `ledger.verdicts` and `ledger.overdue` judge as it
happens, in SQL. Pure: outcomes, waits and pauses are arguments. Tests hold both against each other.
"""

from bisect import bisect_left
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import NamedTuple

from jobs.choices import Cause, Status
from jobs.declarations import alert
from jobs.declarations.alert import Alert
from jobs.formats import format_duration
from jobs.ledger.verdicts import ALIKE, CHANGES, WITHIN
from jobs.ledger.watched import BAD, OUTCOMES, Watched


# Of thousands of runs: a tuple is made in a third of a dataclass's time.
class Ended(NamedTuple):
    """A run that ended: when, how, and how long its last attempt took; or, without an id, occurrences without a run."""

    at: datetime
    status: Status
    id: int | None = None
    took: timedelta | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Span:
    """Something that went on from a moment to another; None: it still does. `run` is what it is about."""

    begin: datetime
    end: datetime | None
    run: int | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """An incident that would have been: opened when and by which run, found how often, ended when and by which run."""

    cause: Cause
    opened_at: datetime
    detail: str
    first_run: int | None = None
    count: int = 1
    resolved_at: datetime | None = None
    resolved_by_run: int | None = None


@dataclass(slots=True)
class _Open:
    """The incidents so far: one open for each cause."""

    past: list[Found] = field(default_factory=list)
    open: dict[Cause, Found] = field(default_factory=dict)
    # How often an open one was found, and what was said last: of thousands of runs there may be one incident.
    counts: dict[Cause, int] = field(default_factory=dict)
    details: dict[Cause, str] = field(default_factory=dict)
    # When `failed` began or ended by itself, in order: what flapping is found by, since it was last over.
    changes: list[datetime] = field(default_factory=list)
    flapped_until: datetime | None = None

    def find(self, cause: Cause, at: datetime, run: int | None, detail: str) -> None:
        self.details[cause] = detail
        if cause in self.open:
            self.counts[cause] += 1
            return
        self.open[cause] = Found(cause=cause, opened_at=at, detail=detail, first_run=run)
        self.counts[cause] = 1
        if cause is Cause.FAILED:
            self.changes.append(at)

    def close(self, cause: Cause, at: datetime, run: int | None) -> None:
        if cause not in self.open:
            return
        self.past.append(replace(self._as_found(cause), resolved_at=at, resolved_by_run=run))
        del self.open[cause]
        if cause is Cause.FAILED:
            self.changes.append(at)
        elif cause is Cause.FLAPPING:
            self.flapped_until = at

    def all(self) -> list[Found]:
        return sorted([*self.past, *map(self._as_found, self.open)], key=lambda found: found.opened_at)

    def _as_found(self, cause: Cause) -> Found:
        return replace(self.open[cause], count=self.counts[cause], detail=self.details[cause])


type P95 = Callable[[datetime], timedelta | None]


def by_ends(rule: Alert, watched: Watched, before: Sequence[Ended], ends: Iterable[Ended], p95: P95) -> list[Found]:
    """The incidents of a rule that looks at ends of runs. `before` are the outcomes before the first of them.

    `watched` has the job's rules with this one in its place. `p95` says of a moment what 95 in 100 runs had taken.
    """
    found, outcomes = _Open(), list(before)
    looked_at = {status for status in Status if rule.cause in watched.causes(status)}
    for end in ends:
        if end.status in OUTCOMES:
            outcomes.append(end)
        if end.status is Status.SUCCEEDED:
            _success(found, end, outcomes)
        if end.status in looked_at:
            _judge(rule, watched, found, end, outcomes, p95)
    return found.all()


def _success(found: _Open, end: Ended, outcomes: Sequence[Ended]) -> None:
    if not found.open:
        return
    for cause in (Cause.FAILED, Cause.LOST, Cause.MISSED):
        found.close(cause, end.at, end.id)
    # The tick sees within a minute that all is well again.
    if _alike(outcomes, Status.SUCCEEDED):
        found.close(Cause.FLAPPING, end.at, end.id)


def _judge(rule: Alert, watched: Watched, found: _Open, end: Ended, outcomes: Sequence[Ended], p95: P95) -> None:
    match rule:
        case alert.failed():
            _failed(watched.in_a_row, found, end, outcomes)
        case alert.rate():
            latest = outcomes[-rule.of :]
            bad = sum(each.status in BAD for each in latest)
            is_so = len(latest) == rule.of and bad >= rule.share * rule.of
            _hold(found, Cause.RATE, end, f"{bad} of the latest {rule.of} runs failed.", is_so=is_so)
        case alert.lost():
            found.find(Cause.LOST, end.at, end.id, "A run's supervisor vanished, and the run with it.")
        case alert.missed():
            found.find(Cause.MISSED, end.at, end.id, "An occurrence got no run.")
        case alert.slower_than():
            usual = None if isinstance(rule.limit, timedelta) else p95(end.at)
            limit = rule.limit if isinstance(rule.limit, timedelta) else usual and usual * rule.limit
            is_so = end.took is not None and limit is not None and end.took > limit
            bound = f", more than {format_duration(limit)}" if limit else ""
            _hold(found, Cause.SLOWER_THAN, end, f"A run took {format_duration(end.took)}{bound}.", is_so=is_so)


def _failed(in_a_row: int, found: _Open, end: Ended, outcomes: Sequence[Ended]) -> None:
    if Cause.FLAPPING in found.open and _alike(outcomes, *BAD):
        found.close(Cause.FLAPPING, end.at, end.id)
    streak = outcomes[-in_a_row:]
    if len(streak) < in_a_row or not all(each.status in BAD for each in streak):
        return
    if Cause.FAILED not in found.open and _is_flapping(found, outcomes) and not _alike(outcomes, *BAD):
        found.find(Cause.FLAPPING, end.at, end.id, "It fails and recovers in turn.")
    else:
        many = f"{in_a_row} runs in a row" if in_a_row > 1 else "A run"
        found.find(Cause.FAILED, end.at, end.id, f"{many} failed.")


def _is_flapping(found: _Open, outcomes: Sequence[Ended]) -> bool:
    if Cause.FLAPPING in found.open:
        return True
    since = outcomes[-WITHIN].at if len(outcomes) >= WITHIN else None
    since = max(filter(None, (since, found.flapped_until)), default=None)
    return len(found.changes) - (bisect_left(found.changes, since) if since else 0) >= CHANGES


def _alike(outcomes: Sequence[Ended], *statuses: Status) -> bool:
    latest = outcomes[-ALIKE:]
    return len(latest) == ALIKE and all(each.status in statuses for each in latest)


def _hold(found: _Open, cause: Cause, end: Ended, detail: str, *, is_so: bool) -> None:
    if is_so:
        found.find(cause, end.at, end.id, detail)
    else:
        found.close(cause, end.at, end.id)


def by_spans(cause: Cause, spans: Iterable[Span], after: timedelta, detail: str, now: datetime) -> list[Found]:
    """One incident for as long as any of these goes on for longer than `after`."""
    found: list[Found] = []
    for span in sorted(spans, key=lambda each: each.begin + after):
        opened_at, end = span.begin + after, span.end
        if opened_at >= (end or now):
            continue
        last = found[-1] if found else None
        if last and (last.resolved_at is None or last.resolved_at >= opened_at):
            # One that is at work alone, among others, is the same state.
            if last.resolved_at and (end is None or end > last.resolved_at):
                found[-1] = replace(last, resolved_at=end, resolved_by_run=span.run if end else None)
            continue
        found.append(
            Found(
                cause=cause,
                opened_at=opened_at,
                detail=detail,
                first_run=span.run,
                resolved_at=end,
                resolved_by_run=span.run if end else None,
            )
        )
    return found


def not_succeeded_for(
    after: timedelta, base: datetime, successes: Sequence[Ended], pauses: Sequence[Span], now: datetime
) -> list[Found]:
    """From the last success, or the ledger's beginning, which is `base`. Time in a pause or hold doesn't count."""
    found: list[Found] = []
    for success in [*successes, None]:
        end = success.at if success else now
        opened_at = base + after
        for pause in pauses:
            over = pause.end or now
            if pause.begin <= opened_at and over > base and pause.begin < end:
                base, opened_at = over, over + after
        if opened_at < end:
            detail = f"No run had succeeded for more than {format_duration(after)}."
            opened = Found(cause=Cause.NOT_SUCCEEDED_FOR, opened_at=opened_at, detail=detail)
            ended = replace(opened, resolved_at=success.at, resolved_by_run=success.id) if success else opened
            found.append(ended)
        base = end
    return found


@dataclass(frozen=True, slots=True)
class Day:
    """A time that `must_succeed_by` names, and the first of what was due in the 24 hours before; None: nothing was."""

    until: datetime
    due: datetime | None
    is_excused: bool = False


def must_succeed_by(days: Iterable[Day], successes: Sequence[tuple[Ended, datetime | None]], words: str) -> list[Found]:
    """Each day's verdict. Of a success also the occurrence that it is for, where it is for one."""
    found: list[Found] = []
    for day in days:
        due = day.due
        if due is None or day.is_excused:
            continue
        done = (each for each, of in successes if each.at >= due or (of is not None and of >= due))
        first = next(done, None)
        if first is None or first.at > day.until:
            last = found[-1] if found else None
            if last and (last.resolved_at is None or last.resolved_at > day.until):
                found[-1] = replace(last, count=last.count + 1)
                continue
            detail = f"No run had succeeded by {words}."
            opened = Found(cause=Cause.MUST_SUCCEED_BY, opened_at=day.until, detail=detail)
            closing = next((each for each, _ in successes if each.at > day.until), None)
            found.append(replace(opened, resolved_at=closing.at, resolved_by_run=closing.id) if closing else opened)
    return found
