"""Run what was missed: occurrences in gaps get their runs afterwards, each one, once.

An occurrence is a run or in a gap, never both: what is run leaves its gap (`carving`), in one transaction and under the
locks of the job and of its steps. So a second operator finds it gone, and `UNIQUE (job, scheduled_for)` stands behind.
"""

import json
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import NamedTuple

from jobs.choices import EventKind, Trigger
from jobs.declarations.job import Job
from jobs.formats import counted, utc_time
from jobs.ledger import carving, doorbell, events, overrides, pipelines, sql, states, statistics, step_repairs
from jobs.ledger.carving import Cut
from jobs.ledger.doorbell import Ring
from jobs.ledger.eras import INSTANT
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Gap, Repair, Run
from jobs.sentences import Sentence

log = logging.getLogger(__name__)

# How many occurrences one call runs at most: the oldest. The next call goes on.
AT_ONCE = 500


class NothingNamed(ValueError):
    """Neither a gap nor a window was given, or the window ends before it begins; the message says which."""


class UnknownGap(Sentence, LookupError):
    """There is no gap {gap} of job {job!r}. `manage.py missed {job}` lists what had no run."""

    def __init__(self, job: Job, gap: int) -> None:
        super().__init__(job=job.name, gap=gap)


class FollowsOthers(Sentence, ValueError):
    """Job {job!r} is a step after {after}. Run what {after} missed: the step follows where that succeeds."""

    def __init__(self, job: Job) -> None:
        super().__init__(job=job.name, after=" and ".join(job.after))


class WithRun(NamedTuple):
    """An occurrence that has its run already."""

    occurrence: datetime
    run_id: int
    status: str
    trigger: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Missed:
    """Occurrences in gaps that can be run now. `count` is all of them, `occurrences` the oldest, up to the limit.

    `gaps` are those that they lie in. `with_run` are occurrences of the gap or window that have their run already: the
    oldest, up to the limit.
    """

    job: str
    count: int
    occurrences: list[datetime]
    gaps: list[Gap]
    with_run: list[WithRun]

    @property
    def is_capped(self) -> bool:
        return self.count > len(self.occurrences)


@dataclass(frozen=True, kw_only=True, slots=True)
class Repaired:
    """What came of it: the runs that were queued, by their occurrences, and those that were there before.

    `left` is how many occurrences are still without a run: call again for those.
    """

    runs: dict[datetime, int]
    with_run: list[WithRun]
    left: int


def preview(
    job: Job,
    *,
    gap: int | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    limit: int = AT_ONCE,
) -> Missed:
    """What of the job's occurrences got no run: those of a gap, those of a window, or those of a gap in a window.

    `after` and `before` belong to the window. The occurrences are those of the schedule that was in force then.
    Raises NothingNamed, UnknownGap, FollowsOthers or UnreadableGap.
    """
    cuts, count = _cuts(job, gap, after, before, limit)
    return Missed(
        job=job.name,
        count=count,
        occurrences=[moment for cut in cuts for moment in cut.moments],
        gaps=[cut.gap for cut in cuts],
        with_run=_with_run(job, gap, after, before, limit),
    )


def run_missed(
    job: Job,
    *,
    gap: int | None = None,
    after: datetime | None = None,
    before: datetime | None = None,
    requested_by: str,
    note: str = "",
    limit: int = AT_ONCE,
) -> Repaired:
    """Queue a run for each of the occurrences that `preview` gives, and take them out of their gaps.

    They run one after another, oldest first, and let the job's other runs go first. They have the arguments in force
    now. Steps follow them as they follow any occurrence. Raises what `preview` does.
    """
    with ledger_transaction():
        pipeline = pipelines.current()
        pipeline.lock_with(job)
        with_run = _with_run(job, gap, after, before, limit)
        cuts, count = _cuts(job, gap, after, before, limit)
        runs = _insert(job, [moment for cut in cuts for moment in cut.moments], requested_by)
        if runs:
            at = states.clock()
            left, was = carving.carve(cuts, by=requested_by, why=note, at=at)
            of_steps = step_repairs.cuts(job, list(runs), pipeline)
            left_of_steps, was_of_steps = carving.carve(of_steps, by=requested_by, why=note, at=at)
            message = _sentence(job, runs, requested_by, note)
            queued = {"runs": sorted(runs.values())}
            events.record(EventKind.REPAIRED, message, job=job.name, by=requested_by, reason=note, after=queued)
            statistics.count([*left, *left_of_steps], [*was, *was_of_steps])
    if runs:
        log.info("repaired job=%s runs=%s by=%s", job.name, len(runs), requested_by)
        # Each of the others waits for the one before it.
        doorbell.ring_all([Ring(run_id=min(runs.values()))])
    return Repaired(runs=runs, with_run=with_run, left=count - len(runs))


def _cuts(
    job: Job, gap: int | None, after: datetime | None, before: datetime | None, limit: int
) -> tuple[list[Cut], int]:
    """The oldest of the occurrences, by their gaps, and how many there are."""
    _check(job, gap, after, before)
    cuts: list[Cut] = []
    total, room = 0, limit
    for found in _gaps(job, gap, after, before):
        schedule = carving.schedule_of(found)
        start = max(filter(None, (found.first, after))) - INSTANT
        end = min(filter(None, (found.last, before)))
        count = schedule.count(start, end)
        moments = list(islice(schedule.between(start, end), room))
        total, room = total + count, room - len(moments)
        if moments:
            cuts.append(Cut(gap=found, schedule=schedule, moments=moments))
    return cuts, total


def _check(job: Job, gap: int | None, after: datetime | None, before: datetime | None) -> None:
    if job.after:
        raise FollowsOthers(job)
    if gap is None and (after is None or before is None):
        raise NothingNamed("Name a gap, or a window by its beginning and its end.")
    if after is not None and before is not None and before < after:
        raise NothingNamed(f"The window ends at {utc_time(before)}, before it begins at {utc_time(after)}.")
    if gap is not None and not _known(job, gap):
        raise UnknownGap(job, gap)


def _known(job: Job, gap: int) -> bool:
    of_job = Gap.objects.filter(job=job.name, pk=gap)
    return of_job.exists() or Repair.objects.filter(job=job.name, gap_number=gap).exists()


def _gaps(job: Job, gap: int | None, after: datetime | None, before: datetime | None) -> list[Gap]:
    found = Gap.objects.filter(job=job.name).order_by("first")
    found = found if gap is None else found.filter(pk=gap)
    found = found if after is None else found.filter(last__gte=after)
    return list(found if before is None else found.filter(first__lte=before))


def _with_run(job: Job, gap: int | None, after: datetime | None, before: datetime | None, limit: int) -> list[WithRun]:
    """The occurrences of the window that have runs; of a gap, those that left it for a run."""
    runs = Run.objects.filter(job=job.name, scheduled_for__isnull=False)
    runs = runs if after is None else runs.filter(scheduled_for__gte=after)
    runs = runs if before is None else runs.filter(scheduled_for__lte=before)
    if gap is not None:
        repairs = Repair.objects.filter(job=job.name, gap_number=gap).values_list("first", "last")
        windows = list(repairs)
        if not windows:
            return []
        first, last = min(first for first, _ in windows), max(last for _, last in windows)
        runs = runs.filter(trigger=Trigger.REPAIR, scheduled_for__gte=first, scheduled_for__lte=last)
    rows = runs.order_by("scheduled_for").values_list("scheduled_for", "pk", "status", "trigger")
    return [WithRun(occurrence, run, *words) for occurrence, run, *words in rows[:limit] if occurrence is not None]


def _insert(job: Job, moments: Sequence[datetime], requested_by: str) -> dict[datetime, int]:
    if not moments:
        return {}
    found = sql.rows(
        """
        INSERT INTO nightshift_run (job, trigger, scheduled_for, arguments, requested_by, exclusive, yields,
                                    concurrency_group, created_at, not_before)
        SELECT %(job)s, %(trigger)s, occurrence, %(arguments)s, %(by)s, true, true,
               %(group)s, clock_timestamp(), clock_timestamp()
          FROM unnest(%(moments)s::timestamptz[]) AS missed(occurrence)
         ORDER BY occurrence
        RETURNING scheduled_for, id
        """,
        {
            "job": job.name,
            "trigger": Trigger.REPAIR,
            "arguments": json.dumps(list(overrides.effective(job).arguments)),
            "by": requested_by,
            "group": job.group,
            "moments": list(moments),
        },
    )
    return dict(found)


def _sentence(job: Job, runs: dict[datetime, int], by: str, note: str) -> str:
    moments, ids = sorted(runs), sorted(runs.values())
    when = utc_time(moments[0]) + (f" to {utc_time(moments[-1])}" if len(moments) > 1 else "")
    what = counted(len(runs), "occurrence")
    which = f"run {ids[0]}" if len(ids) == 1 else f"runs {ids[0]} to {ids[-1]}"
    return f"{by} had {what} of {job.name} run that had no run, {when}, by {which}{f': {note}' if note else '.'}"
