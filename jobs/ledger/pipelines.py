"""Pipelines in the ledger: whose steps count now, their locks, and schedules that go together."""

from datetime import datetime

from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import in_force, overrides, releases, states
from jobs.ledger.releases import Release
from jobs.schedule.occurrences import same_occurrences
from jobs.sentences import Sentence


class DifferentSchedules(Sentence, ValueError):
    """The predecessors of job {job!r} have different schedules, so it would never run. Give them one schedule."""

    def __init__(self, step: Job) -> None:
        super().__init__(job=step.name)


def check_schedules(job: Job, at: datetime) -> None:
    """Raise DifferentSchedules where a step after this job, as it is given, would wait for others that are due
    otherwise at that moment. `at` is in the database's time; overrides count.
    """
    declared = Graph(registry.values())
    steps = declared.descendants(job.name).values()
    together = {step.name: [name for name in declared.roots(step) if name != job.name] for step in steps}
    held = in_force.overrides_of([name for names in together.values() for name in names], at)
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
    return of_release(releases.in_charge())


_known: tuple[object, str, Pipeline] | None = None


def of_release(other: Release | None) -> Pipeline:
    """The steps as this release declares them; None: this process's own."""
    global _known
    key = other.key if other else ""
    if _known is None or _known[0] is not registry.version or _known[1] != key:
        _known = registry.version, key, Pipeline(other.all_jobs() if other else registry.values())
    return _known[2]
