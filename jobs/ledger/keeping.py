"""What may be deleted, and what never: the rules of retention. Pure; `retention` reads what they ask for."""

from collections.abc import Callable, Collection, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple

from jobs.choices import Status
from jobs.declarations.keep import Keep

# What an operator may come back to: kept longer.
FAILURES = frozenset({Status.FAILED, Status.TIMED_OUT, Status.LOST})


class Ages(NamedTuple):
    """How long after its end something of a job is kept, and how many of its newest runs are."""

    run: timedelta
    output: timedelta
    failure: timedelta
    runs: int

    @property
    def longest(self) -> timedelta:
        """For gaps, events and interventions: what explains a run stays as long as any run of its age."""
        return max(self.run, self.failure)

    @property
    def shortest_of_a_run(self) -> timedelta:
        return min(self.run, self.failure)


def ages(keep: Keep, defaults: Keep) -> Ages:
    """What a job's declaration and the settings make together. The latest run is always kept."""
    found = keep.over(defaults)
    assert found.days is not None
    assert found.runs is not None
    assert found.output_days is not None
    assert found.failed_days is not None
    days = timedelta(days=found.days)
    return Ages(
        run=days,
        # Output goes with its run at the latest.
        output=min(timedelta(days=found.output_days), days),
        failure=timedelta(days=found.failed_days),
        runs=max(found.runs, 1),
    )


class Ended(NamedTuple):
    """What the rules ask of a run. `finished_at` is None while it waits or runs."""

    id: int
    job: str
    status: str
    scheduled_for: datetime | None
    finished_at: datetime | None
    pinned: bool


class Newest(NamedTuple):
    """Of a job: its latest run, and the oldest of those that stay whatever their age."""

    latest: int
    oldest_kept: int


class _Before(NamedTuple):
    """What of a job ended before these moments is older than it is kept."""

    run: datetime
    output: datetime
    failure: datetime
    other: datetime


@dataclass(kw_only=True, slots=True)
class Rules:
    """The rules at one moment. What they rest on is read once: while it ages they keep more than they must, never less.

    `family` gives the jobs of a job's pipeline, itself among them, and none for a job alone. `settled` is where each
    job's watermark was, and `unfinished` which occurrences had a run of which job that waited or ran. `awaited` are the
    predecessors of steps that waited or ran.
    """

    now: datetime
    ages: Callable[[str], Ages]
    newest: Mapping[str, Newest]
    family: Mapping[str, Collection[str]] = field(default_factory=dict)
    settled: Mapping[str, datetime] = field(default_factory=dict)
    unfinished: Mapping[datetime, AbstractSet[str]] = field(default_factory=dict)
    awaited: set[int] = field(default_factory=set)
    _before: dict[str, _Before] = field(default_factory=dict)

    def run_goes(self, run: Ended) -> bool:
        """Whether the run may be deleted with all that belongs to it."""
        if run.finished_at is None or run.pinned or run.id >= self.newest[run.job].oldest_kept:
            return False
        before = self.before(run.job)
        if run.finished_at >= (before.failure if run.status in FAILURES else before.run) or run.id in self.awaited:
            return False
        return run.scheduled_for is None or self.is_decided(run.job, run.scheduled_for, run.scheduled_for)

    def output_goes(self, run: Ended) -> bool:
        """Whether what the run wrote may be deleted. Its row may stay."""
        if run.finished_at is None or run.pinned or run.id >= self.newest[run.job].latest:
            return False
        before = self.before(run.job)
        return run.finished_at < (before.failure if run.status in FAILURES else before.output)

    def is_decided(self, job: str, first: datetime, last: datetime) -> bool:
        """Whether nothing that is to come asks for occurrences of this job between these two.

        The job itself is past them, since an occurrence whose run or gap is gone would get another; and so are those of
        its pipeline, whose ends look at each other's runs and gaps.
        """
        family = self.family.get(job) or (job,)
        for name in family:
            if last > self.settled.get(name, last):
                return False
        # An occurrence is looked up; only the few gaps that have aged are compared with all.
        moments = (first,) if first == last else [moment for moment in self.unfinished if first <= moment <= last]
        return all(self.unfinished.get(moment, _NONE).isdisjoint(family) for moment in moments)

    def has_aged(self, job: str, at: datetime) -> bool:
        """Whether what explains runs of this job is older than any run that is kept for its age."""
        return at < self.before(job).other

    def before(self, job: str) -> _Before:
        """From when on something of this job is too young to go."""
        if job not in self._before:
            kept = self.ages(job)
            ends = (kept.run, kept.output, kept.failure, kept.longest)
            self._before[job] = _Before(*(self.now - end for end in ends))
        return self._before[job]


_NONE: frozenset[str] = frozenset()
