"""Every occurrence of every schedule in force is in one run or one gap. Schedules are read by the code here alone."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from tests.chaos.history import Gap, History, Run, Stretch, Violation

SECOND = timedelta(seconds=1)


class Simple:
    """`*`, `*/n`, `5/20` or numbers for second, minute and hour, and nothing else, by UTC."""

    def __init__(self, text: str) -> None:
        seconds, minutes, hours, *rest = text.split()[:6]
        assert rest == ["*"] * 3, f"{text!r} is more than this checker reads"
        self.seconds, self.minutes, self.hours = _field(seconds, 60), _field(minutes, 60), _field(hours, 24)

    def between(self, after: datetime, until: datetime) -> Iterator[datetime]:
        """The occurrences in (after, until]."""
        moment = after.replace(microsecond=0) + SECOND
        while moment <= until:
            if moment.second in self.seconds and moment.minute in self.minutes and moment.hour in self.hours:
                yield moment
            moment += SECOND


def _field(text: str, size: int) -> set[int]:
    found: set[int] = set()
    for part in text.split(","):
        start, _, step = part.partition("/")
        first = 0 if start == "*" else int(start)
        found.update(range(first, size if step or start == "*" else first + 1, int(step or 1)))
    return found


@dataclass(frozen=True, kw_only=True)
class InForce:
    """This schedule decides what is due in (after, until]."""

    fingerprint: str
    after: datetime
    until: datetime


def in_force(history: History, job: str) -> list[InForce]:
    """Which schedule held when, by the changes that the trigger saw. A job without a schedule has none."""
    found = []
    stretches = [stretch for stretch in history.stretches if stretch.job == job]
    for place, stretch in enumerate(stretches):
        end = stretches[place + 1] if place + 1 < len(stretches) else None
        if not stretch.fingerprint or stretch.ledger_from is None:
            continue
        after = stretch.ledger_from if stretch.at is None else min(stretch.ledger_from, _decided(stretch))
        until = history.through.get(job) if end is None else _end(stretch, end)
        if until is not None and until > after:
            found.append(InForce(fingerprint=stretch.fingerprint, after=after, until=until))
    return found


def _end(stretch: Stretch, following: Stretch) -> datetime | None:
    """Where the next schedule takes over. Where none does, the ledger ends at its watermark."""
    return following.ledger_from if following.fingerprint else following.ledger_through


def check(history: History, counts: Counter[str]) -> Iterator[Violation]:
    runs: dict[str, list[Run]] = defaultdict(list)
    gaps: dict[str, list[Gap]] = defaultdict(list)
    for run in history.runs:
        if run.scheduled_for is not None:
            runs[run.job].append(run)
    for gap in history.gaps:
        gaps[gap.job].append(gap)
    for job in sorted({stretch.job for stretch in history.stretches if stretch.fingerprint}):
        yield from _of_job(job, in_force(history, job), runs[job], gaps[job], counts)
    yield from _beginnings(history.stretches)


def _of_job(
    job: str, schedules: list[InForce], runs: list[Run], gaps: list[Gap], counts: Counter[str]
) -> Iterator[Violation]:
    records: dict[datetime, list[str]] = defaultdict(list)
    for run in runs:
        assert run.scheduled_for
        records[run.scheduled_for].append(str(run))
    for gap in gaps:
        counts["gaps counted"] += 1
        covered = list(covers(gap))
        if len(covered) != gap.count:
            yield Violation(kind="gap miscounted", text=f"{_told(gap)} holds {len(covered)} by its schedule")
        for moment in covered:
            records[moment].append(f"gap {gap.id} ({gap.reason})")
    due = {moment: held.fingerprint for held in schedules for moment in _due(held)}
    counts["occurrences due"] += len(due)
    for moment, found in sorted(records.items()):
        if len(found) > 1:
            yield Violation(kind="occurrence twice", text=f"{job} at {moment:%H:%M:%S}: {', '.join(found)}")
    for first, last, number in _stretched([moment for moment in sorted(due) if moment not in records]):
        yield Violation(
            kind="occurrence lost",
            text=f"{job}, {number} from {first:%H:%M:%S} to {last:%H:%M:%S}, due by {due[first]!r}: no run, no gap",
        )
    known = [Simple(held.fingerprint) for held in schedules]
    for moment, found in sorted(records.items()):
        if not any(list(schedule.between(moment - SECOND, moment)) for schedule in known):
            yield Violation(kind="occurrence invented", text=f"{job} at {moment}: {found}, by none of its schedules")


def covers(gap: Gap) -> Iterator[datetime]:
    """The occurrences that a gap stands for, by its own schedule; of one that can't be read, its ends."""
    if gap.fingerprint:
        return Simple(gap.fingerprint).between(gap.first - SECOND, gap.last)
    return iter(sorted({gap.first, gap.last}))


def _due(held: InForce) -> Iterator[datetime]:
    return Simple(held.fingerprint).between(held.after, held.until)


def _stretched(moments: list[datetime]) -> Iterator[tuple[datetime, datetime, int]]:
    """Lost occurrences within a minute of each other are one finding."""
    found: list[datetime] = []
    for moment in moments:
        if found and moment - found[-1] > timedelta(minutes=1):
            yield found[0], found[-1], len(found)
            found = []
        found.append(moment)
    if found:
        yield found[0], found[-1], len(found)


def _beginnings(stretches: Iterable[Stretch]) -> Iterator[Violation]:
    for stretch in stretches:
        if not (stretch.at and stretch.ledger_from):
            continue
        if stretch.ledger_from > _decided(stretch) + SECOND:
            yield Violation(
                kind="ledger begins in the future",
                text=f"{stretch.job}, at {stretch.at:%H:%M:%S} from {stretch.ledger_from:%H:%M:%S} on",
            )


def _decided(stretch: Stretch) -> datetime:
    """Up to where the schedule before has decided: the timer of a host whose clock is ahead settles early, and an
    override may end within what it settles.
    """
    assert stretch.at
    if stretch.through_before is None:
        return stretch.at
    return max(stretch.at, stretch.through_before, stretch.ledger_through or stretch.at)


def _told(gap: Gap) -> str:
    return f"gap {gap.id} of {gap.job} ({gap.reason}), {gap.count} from {gap.first:%H:%M:%S} to {gap.last:%H:%M:%S},"
