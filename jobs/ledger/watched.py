"""The rules of alerts that hold for a job: the usual ones, and those it declares. Asked at each end of a run."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from jobs.choices import Cause, Status
from jobs.conf import conf
from jobs.declarations import alert
from jobs.declarations.alert import Alert
from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.schedule.occurrences import Schedule

# What the alerts count: how runs came out, after their retries. Skipped, missed and cancelled runs say nothing of that.
BAD = frozenset({Status.FAILED, Status.TIMED_OUT, Status.LOST})
OUTCOMES = frozenset({Status.SUCCEEDED}) | BAD


@dataclass(frozen=True, slots=True)
class Watched:
    """A job's rules by their kind, and how many failures in a row count. `schedule` says when it is due; a step's is
    that of its pipeline, and `family` has the jobs at the pipeline's beginning beside the job itself.
    """

    rules: Mapping[Cause, Alert]
    in_a_row: int = alert.SELDOM
    schedule: Schedule | None = None
    family: tuple[str, ...] = ()

    def concerns(self, status: Status | None) -> bool:
        """Whether an end like this is to be judged. Most runs succeed, and no usual rule looks at those."""
        return bool(self.causes(status))

    def causes(self, status: Status | None) -> list[Cause]:
        """The kinds of the rules that look at an end like this."""
        return [
            cause for cause in self.rules if status in _LOOKED_AT.get(cause, ()) and not self._is_lost(cause, status)
        ]

    def _is_lost(self, cause: Cause, status: Status | None) -> bool:
        # One incident for one end: that of `lost`, where the job has that rule.
        return cause is Cause.FAILED and status is Status.LOST and Cause.LOST in self.rules


_LOOKED_AT: dict[Cause, frozenset[Status]] = {
    Cause.FAILED: BAD,
    Cause.RATE: OUTCOMES,
    Cause.LOST: frozenset({Status.LOST}),
    Cause.MISSED: frozenset({Status.MISSED}),
    Cause.SLOWER_THAN: frozenset({Status.SUCCEEDED}),
    Cause.OUTPUT_MATCHES: OUTCOMES,
}


class _Known(NamedTuple):
    """The rules of all jobs of a registry, and their kinds; it is compared by what they were made of."""

    version: object
    usual: str
    rules: dict[str, Watched]
    causes: frozenset[Cause]


_known: _Known | None = None


def of(name: str) -> Watched:
    """The rules of this job; the usual ones where this process doesn't know it."""
    return of_all().get(name) or Watched(alert.over(_usual(), ()))


def trying(name: str, rule: Alert) -> Watched:
    """The same as if the job declared this rule too, in place of its own of this kind."""
    found = of(name)
    in_a_row = rule.number(_period(found.schedule)) if isinstance(rule, alert.failed) else found.in_a_row
    return replace(found, rules={**found.rules, rule.cause: rule}, in_a_row=in_a_row)


def of_all() -> Mapping[str, Watched]:
    """The rules of all declared jobs."""
    return _all().rules


def causes_of_all() -> frozenset[Cause]:
    """The kinds of rules that any job has."""
    return _all().causes


def _all() -> _Known:
    global _known
    usual = conf.JOBS_ALERTS
    if _known is None or _known.version is not registry.version or _known.usual != usual:
        graph = Graph(registry.values())
        rules = {job.name: _watched(job, graph) for job in registry.values()}
        _known = _Known(registry.version, usual, rules, frozenset(c for found in rules.values() for c in found.rules))
    return _known


def _usual() -> list[Alert]:
    return alert.named(conf.JOBS_ALERTS)


def _watched(job: Job, graph: Graph) -> Watched:
    rules = alert.over(_usual(), job.alerts)
    roots = graph.roots(job)
    schedule = job.schedule or next((registry[root].schedule for root in roots), None)
    streak = rules.get(Cause.FAILED)
    in_a_row = streak.number(_period(schedule)) if isinstance(streak, alert.failed) else alert.SELDOM
    return Watched(rules, in_a_row, schedule, (job.name, *roots))


def _period(schedule: Schedule | None) -> timedelta | None:
    """From the next occurrence to the one after it: at night, a job of the day's hours seems to be due seldom."""
    first = schedule.next(datetime.now(UTC)) if schedule else None
    second = schedule.next(first) if schedule and first else None
    return second - first if first and second else None
