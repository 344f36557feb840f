"""A watermark that lies ahead: the database's clock was wrong for a while, and the job is silent until it gets there.

Nothing repeats an occurrence by itself, so the watermark stays until an operator sets it back.
"""

import logging
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import pairwise

from jobs.choices import EventKind, Reason
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.formats import format_duration, utc_time
from jobs.ledger import events, in_force, pipelines, sql, states, statistics, timing
from jobs.ledger.eras import INSTANT, Era
from jobs.ledger.plan import Plan, PlannedGap, PlannedRun
from jobs.ledger.record import Window
from jobs.ledger.sessions import ledger_transaction
from jobs.ledger.statistics import Swallowed
from jobs.models import Gap, Intervention, JobState
from jobs.schedule.occurrences import Schedule
from jobs.sentences import Sentence

log = logging.getLogger(__name__)


class NotAhead(Sentence, ValueError):
    """The ledger of job {job!r} doesn't reach beyond now: there is nothing to set back."""

    def __init__(self, job: Job) -> None:
        super().__init__(job=job.name)


def ahead() -> dict[str, str]:
    """The jobs whose watermark lies ahead of the database's clock, each with a sentence about it."""
    return {job: message for job, (message, _) in _ahead().items()}


def _ahead() -> dict[str, tuple[str, datetime]]:
    found = sql.rows(
        """
        SELECT job, ledger_through, ledger_through - clock_timestamp() FROM nightshift_jobstate
         WHERE ledger_through > clock_timestamp() + %s AND fingerprint <> '' AND job = ANY(%s) ORDER BY job
        """,
        [timing.LONGEST_LEAD, [job.name for job in registry.scheduled()]],
    )
    return {
        job: (
            f"The ledger of {job} reaches to {utc_time(through)}, and nothing of the job is due until then, in "
            f"{format_duration(lead)}: the database's clock was ahead. "
            f"If it is right now: manage.py rewind {job} --reason ...",
            through,
        )
        for job, through, lead in found
    }


def report_lead() -> None:
    """Report each watermark that lies ahead, once."""
    for job, (message, through) in _ahead().items():
        if events.once(EventKind.LEDGER_AHEAD, message, str(through), job=job):
            log.warning("%s", message)


def rewind(job: Job, *, by: str, reason: str) -> datetime:
    """Set the job's watermark back to now. What was decided of later occurrences is taken back, but for their runs.

    An occurrence that has a run keeps it, and gets no other; a run of that time that waits starts at its occurrence.

    Gives the former watermark. Raises NotAhead.
    """
    with ledger_transaction():
        pipeline = pipelines.current()
        pipeline.lock_with(job)
        now, through = states.clock(), JobState.objects.get(pk=job.name).ledger_through
        if through is None or through <= now:
            raise NotAhead(job)
        steps = list(pipeline.descendants(job.name))
        later = Gap.objects.filter(last__gt=now)
        before = list(later.filter(job=job.name) | later.filter(job__in=steps, by=job.name, reason=Reason.PREDECESSOR))
        taken_back = [_swallowed(gap) for gap in before]
        left = [_swallowed(gap) for gap in before if _take_back(gap, now)]
        _let_runs_wait(job, now)
        sql.execute(
            """
            UPDATE nightshift_jobstate
               SET rewound_from = greatest(rewound_from, ledger_through), ledger_through = %(now)s,
                   ledger_from = least(ledger_from, %(now)s), last_gap_id = NULL, next_due_at = %(now)s
             WHERE job = %(job)s
            """,
            {"job": job.name, "now": now},
        )
        _set_interventions_back(job, now)
        message = f"The ledger of {job.name} was set back from {utc_time(through)} to {utc_time(now)} by {by}: {reason}"
        events.record(EventKind.REWOUND, message, job=job.name, by=by, reason=reason)
        statistics.count(left, taken_back)
    return through


def _swallowed(gap: Gap) -> Swallowed:
    return Swallowed(gap.job, gap.reason, gap.fingerprint, gap.first, gap.last, gap.count)


def _take_back(gap: Gap, now: datetime) -> bool:
    """Take back what lies later. Whether anything of the gap is left."""
    if gap.first > now:
        gap.delete()
        return False
    schedule = Schedule.of_fingerprint(gap.fingerprint)
    gap.count = schedule.count(gap.first - INSTANT, now)
    gap.last = schedule.previous(now + INSTANT) or gap.first
    gap.save(update_fields=["count", "last"])
    return True


def _set_interventions_back(job: Job, now: datetime) -> None:
    """What began later begins now; what ended later has ended."""
    of_job = Intervention.objects.filter(job__in=[job.name, in_force.EVERYTHING])
    of_job.filter(began_at__gt=now).update(began_at=now)
    of_job.filter(ended_at__gt=now).update(ended_at=now)


def _let_runs_wait(job: Job, now: datetime) -> None:
    """Runs that were queued by the clock that was ahead would wait until it gets there again."""
    sql.execute(
        """
        UPDATE nightshift_run SET not_before = greatest(scheduled_for, %(now)s)
         WHERE job = %(job)s AND status = 'queued' AND not_before > %(now)s
               AND (created_at > %(now)s OR started_at > %(now)s)
        """,
        {"job": job.name, "now": now},
    )


def without_recorded(plans: Sequence[tuple[Window, Plan]]) -> list[tuple[Window, Plan]]:
    """Take out what has a run already, where a watermark was set back: such an occurrence is decided."""
    found = [_occurrences_with_runs(window) for window, _ in plans]
    return [
        (window, _without(plan, window.timeline.eras, recorded)) if recorded else (window, plan)
        for (window, plan), recorded in zip(plans, found, strict=True)
    ]


def _occurrences_with_runs(window: Window) -> list[datetime]:
    line = window.timeline
    if window.state.rewound_from is None or window.state.rewound_from <= line.through:
        return []
    rows = sql.rows(
        "SELECT scheduled_for FROM nightshift_run"
        " WHERE job = %s AND scheduled_for > %s AND scheduled_for <= %s ORDER BY 1",
        [window.job.name, line.through, line.until],
    )
    return [moment for (moment,) in rows]


def _without(plan: Plan, eras: Sequence[Era], recorded: Sequence[datetime]) -> Plan:
    entries: list[PlannedRun | PlannedGap] = []
    for entry in plan.entries:
        if isinstance(entry, PlannedGap):
            entries += _pieces(entry, eras, recorded)
        elif entry.scheduled_for not in recorded:
            entries.append(entry)
    left = replace(plan, entries=entries)
    return left if left.runs else replace(left, replaces=[])


def _pieces(gap: PlannedGap, eras: Sequence[Era], recorded: Iterable[datetime]) -> Iterator[PlannedGap]:
    """What is left of a gap on both sides of each occurrence that has a run."""
    edges = [gap.first - INSTANT, *(at for at in recorded if gap.first <= at <= gap.last), gap.last + INSTANT]
    schedule = next(era.schedule for era in eras if era.turn == gap.turn)
    for after, before in pairwise(edges):
        first, last = schedule.next(after), schedule.previous(before)
        if first is not None and last is not None and first <= last:
            yield replace(gap, first=first, last=last, count=schedule.count(after, last))
