"""Which steps follow the end of a run, and why one can't run any more. It reads; `endings` writes what it says."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import NamedTuple

from jobs.choices import Reason, Status
from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.ledger import in_force, sql
from jobs.ledger.changed import Changed


class Step(NamedTuple):
    """A step whose turn has come. With a `reason` it can't run, and `why` says so in a sentence."""

    job: Job
    reason: Reason | None = None
    why: str = ""


def following(end: Changed, graph: Graph) -> Iterator[Step]:
    """The steps whose predecessors have now all succeeded, and those that can't run any more.

    A step runs once for an occurrence, when all its predecessors succeeded for it. It is skipped as soon as one didn't,
    also where that one got no run: `step_gaps` records what it swallowed. After a run that no schedule asked
    for, a step follows that run alone. Needs the locks that `Pipeline.lock_after` takes.
    """
    steps = graph.steps_after(end.job)
    decided = _decided([step.name for step in steps], end.scheduled_for) if steps and end.scheduled_for else set()
    for step in steps:
        if step.name in decided:
            continue
        others = _Others()
        if end.status is not Status.SUCCEEDED:
            others = _Others(hindrance=f"Its predecessor {end.job} ended as {end.status.value} (run {end.run_id}).")
        elif end.scheduled_for is not None:
            others = _others(step, end.scheduled_for)
        if others.hindrance:
            yield Step(step, Reason.PREDECESSOR, others.hindrance)
        elif others.awaited:
            continue
        elif pause := in_force.pause_of(step):
            yield Step(step, Reason.PAUSED, pause)
        else:
            yield Step(step)


def left_waiting(job: str, since: datetime, until: datetime, graph: Graph) -> list[Changed]:
    """Ends whose steps wait for an occurrence of this job in (since, until] which never was.

    Its ledger has passed over it, since its schedule changed in between: what follows these ends now is skipped.
    """
    others = {name for step in graph.steps_after(job) for name in step.after} - {job}
    if not others:
        return []
    waiting = sql.rows(
        """
        SELECT id, job, scheduled_for FROM nightshift_run r
         WHERE r.job = ANY(%(others)s) AND scheduled_for > %(since)s AND scheduled_for <= %(until)s
           AND status = 'succeeded'
           AND NOT EXISTS (SELECT FROM nightshift_run o WHERE o.job = %(job)s AND o.scheduled_for = r.scheduled_for)
        """,
        {"others": sorted(others), "since": since, "until": until, "job": job},
    )
    return [
        Changed(run_id=run_id, job=other, status=Status.SUCCEEDED, scheduled_for=scheduled_for)
        for run_id, other, scheduled_for in waiting
    ]


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
