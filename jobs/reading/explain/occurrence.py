"""What became of an occurrence, for a job and down the pipeline before it."""

from jobs.choices import Status
from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import overrides
from jobs.ledger.in_force import InForce
from jobs.ledger.pipelines import DifferentSchedules
from jobs.reading.explain.evidence import Answer, Cause, Evidence, joined
from jobs.reading.explain.gaps import explain_gap, explain_repair
from jobs.reading.explain.runs import CAUSES, explain_run
from jobs.reading.explain.unrecorded import explain_without_rows, not_due


def fate_of(job: Job, evidence: Evidence) -> Answer:
    if (run := evidence.runs.get(job.name)) is not None:
        cause, [head, *rest] = explain_run(job, run, evidence.clock)
        repair = evidence.repairs.get(job.name)
        return cause, [head, *(explain_repair(job, repair, run, evidence) if repair else ()), *rest]
    due = f"{job.name} was due at {evidence.clock.full(evidence.occurrence)}."
    if (gap := evidence.gaps.get(job.name)) is not None:
        return Cause(gap.fate), [due, *explain_gap(job, gap, evidence)]
    if evidence.occurrence > evidence.now:
        return Cause.NOT_DUE, not_due(job, evidence)
    if not job.schedule:
        return _explain_predecessors(job, evidence)
    return explain_without_rows(job, evidence, due)


def _explain_predecessors(job: Job, evidence: Evidence) -> Answer:
    """Why a step has no run: what became of each predecessor, down to where the pipeline stopped."""
    answer = [
        f"{job.name} follows {joined(job.after)}, due at {evidence.clock.full(evidence.occurrence)}. It has no run."
    ]
    causes: set[Cause] = set()
    for name in job.after:
        cause, sentences = _explain_predecessor(name, evidence)
        causes.add(cause)
        answer += sentences
    if others := _with_another_schedule(job, evidence):
        return Cause.SKIPPED, [*answer, str(DifferentSchedules(job)), *others]
    if causes == {Cause.RAN}:
        return Cause.UNRECORDED, [*answer, "No run followed. Was the step declared when that run ended?"]
    return (Cause.WAITS if causes & PENDING else Cause.SKIPPED), answer


def _with_another_schedule(job: Job, evidence: Evidence) -> list[str]:
    """The overrides that make the step's predecessors due at different moments."""
    current = {
        name: evidence.in_force_now.get(name, InForce()).override for name in Graph(registry.values()).roots(job)
    }
    schedules = {overrides.applied(registry[name], override).fingerprint for name, override in current.items()}
    if len(schedules) < 2:
        return []
    return [f"{name} is overridden by {override.by}." for name, override in current.items() if override]


def _explain_predecessor(name: str, evidence: Evidence) -> Answer:
    run = evidence.runs.get(name)
    if run is not None:
        ended = "" if run.status == Status.SUCCEEDED else "is " if run.status in PENDING else "ended as "
        return CAUSES.get(Status(run.status), Cause.RAN), [f"{name} {ended}{run.status} (run {run.pk})."]
    if name not in registry:
        return Cause.UNRECORDED, [f"{name} is no longer declared."]
    return fate_of(overrides.applied(registry[name], evidence.override(name)), evidence)


PENDING = {Cause.QUEUED, Cause.RUNNING, Cause.WAITS, Cause.UNDECIDED}
