"""Where a job's missed occurrences get their runs, those of the steps after it are open again: they leave their gaps.

`step_gaps` wrote these as soon as one predecessor had no run. A step's occurrence stays in its gap where another of its
predecessors didn't succeed for it.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import NamedTuple

from jobs.choices import ENDED, Reason, Status
from jobs.declarations.job import Job
from jobs.ledger import carving
from jobs.ledger.carving import Cut, UnreadableGap
from jobs.ledger.eras import INSTANT
from jobs.ledger.pipelines import Pipeline
from jobs.models import Gap, Run
from jobs.schedule.occurrences import Schedule

UNSUCCESSFUL = ENDED - {Status.SUCCEEDED}


class _Held(NamedTuple):
    """A gap, and those of the occurrences in question that lie in it."""

    gap: Gap
    schedule: Schedule
    moments: set[datetime]


def cuts(job: Job, moments: Sequence[datetime], pipeline: Pipeline) -> list[Cut]:
    """What leaves the gaps of the steps after this job, once these occurrences of it have their runs.

    Needs the locks of the job and of its steps, and is asked when the job's own gaps have been changed.
    """
    steps = pipeline.descendants(job.name)
    if not steps:
        return []
    names = {name for step in steps.values() for name in (step.name, *step.after)}
    held = _held(names, moments)
    failed = _failed(names, moments)
    open_again: dict[str, set[datetime]] = {}
    is_done = False
    # A step after another one may be looked at before it: until nothing more changes.
    while not is_done:
        is_done = True
        for step in steps.values():
            found = _open_again(step, held, failed, open_again)
            if found != open_again.get(step.name, set()):
                open_again[step.name], is_done = found, False
    return [
        Cut(gap=each.gap, schedule=each.schedule, moments=sorted(leaving))
        for name, found in open_again.items()
        for each in held.get(name, ())
        if each.gap.reason == Reason.PREDECESSOR and (leaving := each.moments & found)
    ]


def _open_again(
    step: Job,
    held: Mapping[str, Sequence[_Held]],
    failed: Mapping[str, set[datetime]],
    open_again: Mapping[str, set[datetime]],
) -> set[datetime]:
    """The step's occurrences that none of its predecessors stands in the way of any more."""
    own = _all(each for each in held.get(step.name, ()) if each.gap.reason == Reason.PREDECESSOR)
    for name in step.after:
        own -= failed.get(name, set())
        own -= _all(held.get(name, ())) - open_again.get(name, set())
    return own


def _all(held: Iterable[_Held]) -> set[datetime]:
    return {moment for each in held for moment in each.moments}


def _held(names: Iterable[str], moments: Sequence[datetime]) -> dict[str, list[_Held]]:
    """The gaps of these jobs that hold any of the occurrences."""
    found: dict[str, list[_Held]] = {}
    gaps = Gap.objects.filter(job__in=names, first__lte=max(moments), last__gte=min(moments))
    for gap in gaps:
        try:
            schedule = carving.schedule_of(gap)
        except UnreadableGap:
            continue  # its occurrences stay decided
        inside = {at for at in moments if gap.first <= at <= gap.last and schedule.next(at - INSTANT) == at}
        if inside:
            found.setdefault(gap.job, []).append(_Held(gap, schedule, inside))
    return found


def _failed(names: Iterable[str], moments: Sequence[datetime]) -> dict[str, set[datetime]]:
    """Of these jobs, the occurrences whose run didn't succeed."""
    found: dict[str, set[datetime]] = {}
    runs = Run.objects.filter(job__in=names, scheduled_for__in=moments, status__in=UNSUCCESSFUL)
    for job, moment in runs.values_list("job", "scheduled_for"):
        assert moment is not None
        found.setdefault(job, set()).add(moment)
    return found
