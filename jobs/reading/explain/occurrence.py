"""What became of an occurrence, for a job and down the pipeline before it."""

from jobs.choices import Status
from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import overrides
from jobs.ledger.in_force import InForce
from jobs.ledger.pipelines import DifferentSchedules
from jobs.reading.explain.evidence import Cause, Scene, Told, joined
from jobs.reading.explain.gaps import told_of_gap
from jobs.reading.explain.runs import CAUSES, told_of_run
from jobs.reading.explain.unrecorded import not_due, told_without_rows


def fate_of(job: Job, scene: Scene) -> Told:
    if (run := scene.runs.get(job.name)) is not None:
        return told_of_run(job, run, scene.clock)
    due = f"{job.name} was due at {scene.clock.full(scene.occurrence)}."
    if (gap := scene.gaps.get(job.name)) is not None:
        return Cause(gap.fate), [due, *told_of_gap(job, gap, scene)]
    if scene.occurrence > scene.now:
        return Cause.NOT_DUE, not_due(job, scene)
    if not job.schedule:
        return _told_of_predecessors(job, scene)
    return told_without_rows(job, scene, due)


def _told_of_predecessors(job: Job, scene: Scene) -> Told:
    """Why a step has no run: what became of each predecessor, down to where the pipeline stopped."""
    told = [f"{job.name} follows {joined(job.after)}, due at {scene.clock.full(scene.occurrence)}. It has no run."]
    causes: set[Cause] = set()
    for name in job.after:
        cause, sentences = _told_of_predecessor(name, scene)
        causes.add(cause)
        told += sentences
    if others := _with_another_schedule(job, scene):
        return Cause.SKIPPED, [*told, str(DifferentSchedules(job)), *others]
    if causes == {Cause.RAN}:
        return Cause.UNRECORDED, [*told, "No run followed. Was the step declared when that run ended?"]
    return (Cause.WAITS if causes & PENDING else Cause.SKIPPED), told


def _with_another_schedule(job: Job, scene: Scene) -> list[str]:
    """The overrides that make the step's predecessors due at different moments."""
    current = {name: scene.in_force_now.get(name, InForce()).override for name in Graph(registry.values()).roots(job)}
    schedules = {overrides.applied(registry[name], override).fingerprint for name, override in current.items()}
    if len(schedules) < 2:
        return []
    return [f"{name} is overridden by {override.by}." for name, override in current.items() if override]


def _told_of_predecessor(name: str, scene: Scene) -> Told:
    run = scene.runs.get(name)
    if run is not None:
        ended = "" if run.status == Status.SUCCEEDED else "is " if run.status in PENDING else "ended as "
        return CAUSES.get(Status(run.status), Cause.RAN), [f"{name} {ended}{run.status} (run {run.pk})."]
    if name not in registry:
        return Cause.UNRECORDED, [f"{name} is no longer declared."]
    return fate_of(overrides.applied(registry[name], scene.override(name)), scene)


PENDING = {Cause.QUEUED, Cause.RUNNING, Cause.WAITS, Cause.UNDECIDED}
