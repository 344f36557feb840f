"""What follows the end of a run: the steps declared `after` its job."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from jobs.choices import Reason, Status, Trigger
from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import enqueue, overrides, releases, sql, states
from jobs.schedule.occurrences import same_occurrences


@dataclass(frozen=True, kw_only=True, slots=True)
class End:
    """A run that ended, in the transaction that ends it."""

    run: int
    job: str
    status: Status
    scheduled_for: datetime | None


@dataclass(kw_only=True, slots=True)
class Followed:
    """What the end of a run brought about: runs to ring for, runs to cancel."""

    queued: list[int] = field(default_factory=list)
    replaces: list[int] = field(default_factory=list)


class DifferentSchedules(ValueError):
    """The predecessors of job {job!r} have different schedules: they never succeed for the same occurrence."""

    def __init__(self, step: Job) -> None:
        super().__init__(
            f"The predecessors of job {step.name!r} have different schedules: "
            "they never succeed for the same occurrence."
        )


def check_schedules(job: Job, at: datetime) -> None:
    """Raise DifferentSchedules where a step after this job, as it is given, would wait for others that are due
    otherwise at that moment. `at` is in the database's time; overrides count.
    """
    declared = Graph(registry.values())
    steps = declared.descendants(job.name).values()
    together = {step.name: [name for name in declared.roots(step) if name != job.name] for step in steps}
    held = overrides.in_force([name for names in together.values() for name in names], at)
    for step in steps:
        others = (overrides.applied(registry[name], held.get(name)) for name in together[step.name])
        if not all(same_occurrences(job.fingerprint, other.fingerprint) for other in others):
            raise DifferentSchedules(step)


class Pipeline(Graph):
    """The graph of the release in charge, since another one's may be the past's; and the locks of its steps."""

    def lock_after(self, name: str) -> None:
        """Hold the locks of all steps that come after a job. Before a run of it ends: its row is changed under them.

        Two predecessors may end at the same moment, each unseen by the other: the steps' locks let one go second. They
        are taken in the order of the names, and before any run's row, so that two ends never wait for each other in a
        circle.
        """
        for _, step in sorted(self.descendants(name).items()):
            states.lock(step)

    def lock_with(self, job: Job) -> None:
        """Hold the job's lock and those of all steps after it, in the order of the names."""
        for _, each in sorted([(job.name, job), *self.descendants(job.name).items()], key=lambda pair: pair[0]):
            states.lock(each)


def current() -> Pipeline:
    """The steps as they are declared now. Ask once for each change: what is locked is what follows."""
    other = releases.in_charge()
    return Pipeline(registry.values() if other is None else other.all_jobs())


def follow(end: End, pipeline: Pipeline) -> Followed:
    """Put the steps into the queue whose predecessors have now all succeeded; record those that can't run any more.

    A step runs once for an occurrence, when all its predecessors succeeded for it. It is skipped as soon as one didn't,
    also where that one got no run: `step_gaps` records what it swallowed. After a run that no schedule asked
    for, a step follows that run alone. Needs the locks that `Pipeline.lock_after` takes.
    """
    followed = Followed()
    steps = pipeline.steps_after(end.job)
    decided = _decided([step.name for step in steps], end.scheduled_for) if steps and end.scheduled_for else set()
    for step in steps:
        if step.name in decided:
            continue
        others = _Others()
        if end.status is not Status.SUCCEEDED:
            others = _Others(hindrance=f"Its predecessor {end.job} ended as {end.status.value} (run {end.run}).")
        elif end.scheduled_for is not None:
            others = _others(step, end.scheduled_for)
        if others.hindrance:
            _skip(step, end, pipeline, followed, Reason.PREDECESSOR, others.hindrance)
        elif others.awaited:
            continue
        elif pause := states.pause_of(step):
            _skip(step, end, pipeline, followed, Reason.PAUSED, pause)
        else:
            enqueued = enqueue.enqueue(
                step,
                Trigger.CHAIN,
                requested_by=f"run {end.run} of {end.job}",
                scheduled_for=end.scheduled_for,
                chained_from=end.run,
            )
            if enqueued is None:
                continue
            followed.replaces += enqueued.replaces
            if enqueued.status is Status.QUEUED:
                followed.queued.append(enqueued.run)
            else:
                _go_on(step, enqueued.run, end.scheduled_for, pipeline, followed)
    return followed


def follow_again(job: str, since: datetime, until: datetime, pipeline: Pipeline) -> None:
    """Skip the steps that wait for an occurrence of this job in (since, until] which never was.

    Its ledger has passed over it, since its schedule changed in between. Needs the locks as `follow` does.
    """
    others = {name for step in pipeline.steps_after(job) for name in step.after} - {job}
    if not others:
        return
    waiting = sql.rows(
        """
        SELECT id, job, scheduled_for FROM nightshift_run r
         WHERE r.job = ANY(%(others)s) AND scheduled_for > %(since)s AND scheduled_for <= %(until)s
           AND status = 'succeeded'
           AND NOT EXISTS (SELECT FROM nightshift_run o WHERE o.job = %(job)s AND o.scheduled_for = r.scheduled_for)
        """,
        {"others": sorted(others), "since": since, "until": until, "job": job},
    )
    for run, other, scheduled_for in waiting:
        follow(End(run=run, job=other, status=Status.SUCCEEDED, scheduled_for=scheduled_for), pipeline)


def _skip(step: Job, end: End, pipeline: Pipeline, followed: Followed, reason: Reason, why: str) -> None:
    """A step that can't run is skipped, and so are those after it."""
    run = enqueue.insert(
        step,
        Trigger.CHAIN,
        status=Status.SKIPPED,
        arguments=list(step.arguments),
        requested_by=f"run {end.run} of {end.job}",
        scheduled_for=end.scheduled_for,
        chained_from=end.run,
        reason=reason,
        error=why,
        blocked_by=end.run,
    )
    if run is not None:
        _go_on(step, run, end.scheduled_for, pipeline, followed)


def _go_on(step: Job, run: int, scheduled_for: datetime | None, pipeline: Pipeline, followed: Followed) -> None:
    further = follow(End(run=run, job=step.name, status=Status.SKIPPED, scheduled_for=scheduled_for), pipeline)
    followed.queued += further.queued
    followed.replaces += further.replaces


def _decided(steps: Sequence[str], occurrence: datetime) -> set[str]:
    """Those of these steps that have a run or a gap for the occurrence."""
    found = sql.rows(
        """
        SELECT s.job FROM unnest(%(steps)s::text[]) AS s(job)
         WHERE EXISTS (SELECT FROM nightshift_run r WHERE r.job = s.job AND r.scheduled_for = %(occurrence)s)
            OR %(occurrence)s <= (SELECT g.last FROM nightshift_gap g WHERE g.job = s.job AND g.first <= %(occurrence)s
                                   ORDER BY g.first DESC LIMIT 1)
        """,
        {"steps": list(steps), "occurrence": occurrence},
    )
    return {step for (step,) in found}


class _Others(NamedTuple):
    """What a step's predecessors have come to for an occurrence: why it can't run any more, or whom it waits for."""

    hindrance: str = ""
    awaited: str = ""


def _others(step: Job, occurrence: datetime) -> _Others:
    found = sql.rows(
        """
        SELECT p.job, r.status, g.fate, g.reason, s.fingerprint <> '' AND s.ledger_through >= %(occurrence)s
          FROM unnest(%(after)s::text[]) AS p(job)
               LEFT JOIN nightshift_run r ON r.job = p.job AND r.scheduled_for = %(occurrence)s
               LEFT JOIN nightshift_jobstate s ON s.job = p.job
               LEFT JOIN LATERAL (
                   SELECT fate, reason, last FROM nightshift_gap WHERE job = p.job AND first <= %(occurrence)s
                    ORDER BY first DESC LIMIT 1
               ) AS g ON g.last >= %(occurrence)s
         WHERE r.status IS DISTINCT FROM 'succeeded'
        """,
        {"after": sorted(set(step.after)), "occurrence": occurrence},
    )
    for name, status, fate, reason, is_decided in found:
        if status is None and fate is not None:
            return _Others(hindrance=f"Its predecessor {name} was {fate} ({reason}).")
        if status is None and is_decided:
            return _Others(hindrance=f"Its predecessor {name} wasn't due then by its ledger.")
    return _Others(awaited=", ".join(name for name, *_ in found))
