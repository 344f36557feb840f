"""What follows the end of a run: the steps declared `after` its job."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from jobs import births, releases, sql, states
from jobs.declarations import Job, registry
from jobs.words import Reason, Status, Trigger


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

    born: list[int] = field(default_factory=list)
    replaces: list[int] = field(default_factory=list)


class Pipeline:
    """The steps that are declared, by the release in charge: another one's may be the past's."""

    def __init__(self, jobs: Iterable[Job]) -> None:
        self._after: dict[str, list[Job]] = defaultdict(list)
        for job in jobs:
            for name in dict.fromkeys(job.after):
                self._after[name].append(job)

    def steps_after(self, name: str) -> Sequence[Job]:
        """The steps that wait for this job."""
        return self._after.get(name, ())

    def descendants(self, name: str) -> dict[str, Job]:
        """All the steps that come after a job, at once or later."""
        found: dict[str, Job] = {}
        waiting = [name]
        while waiting:
            for step in self.steps_after(waiting.pop()):
                if step.name not in found:
                    found[step.name] = step
                    waiting.append(step.name)
        return found

    def lock_after(self, name: str) -> None:
        """Hold the locks of all steps that come after a job. Before a run of it ends: its row is changed under them.

        Two predecessors may end at the same moment, each unseen by the other: the steps' locks let one go second. They
        are taken in the order of the names, and before any run's row, so that two ends never wait for each other in a
        circle.
        """
        for _, step in sorted(self.descendants(name).items()):
            states.lock(step)


def current() -> Pipeline:
    """The steps as they are declared now. Ask once for each change: what is locked is what follows."""
    other = releases.in_charge()
    return Pipeline(registry.values() if other is None else other.all_jobs())


def follow(end: End, pipeline: Pipeline) -> Followed:
    """Give birth to the steps whose predecessors have now all succeeded; record those that can't run any more.

    A step runs once for an occurrence, when all its predecessors succeeded for it. After a run that no schedule asked
    for, a step follows that run alone. Needs the locks that `Pipeline.lock_after` takes.
    """
    followed = Followed()
    for step in pipeline.steps_after(end.job):
        if end.status is not Status.SUCCEEDED:
            why = f"Its predecessor {end.job} ended as {end.status.value} (run {end.run})."
            _skip(step, end, pipeline, followed, Reason.PREDECESSOR, why)
        elif end.scheduled_for is not None and not _all_succeeded(step, end.scheduled_for):
            continue
        elif pause := states.pause_of(step):
            _skip(step, end, pipeline, followed, Reason.PAUSED, pause)
        else:
            newborn = births.give_birth(
                step,
                Trigger.CHAIN,
                requested_by=f"run {end.run} of {end.job}",
                scheduled_for=end.scheduled_for,
                chained_from=end.run,
            )
            if newborn is None:
                continue
            followed.replaces += newborn.replaces
            if newborn.status is Status.QUEUED:
                followed.born.append(newborn.run)
            else:
                _go_on(step, newborn.run, end.scheduled_for, pipeline, followed)
    return followed


def _skip(step: Job, end: End, pipeline: Pipeline, followed: Followed, reason: Reason, why: str) -> None:
    """A step that can't run is skipped, and so are those after it."""
    run = births.insert(
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
    followed.born += further.born
    followed.replaces += further.replaces


def _all_succeeded(step: Job, scheduled_for: datetime) -> bool:
    found = sql.value(
        """
        SELECT count(DISTINCT job) FROM jobs_run
         WHERE job = ANY(%s) AND scheduled_for = %s AND status = 'succeeded'
        """,
        [list(step.after), scheduled_for],
    )
    return bool(found == len(set(step.after)))
