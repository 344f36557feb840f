"""What became of an occurrence in a gap, by the gap's reason."""

from collections.abc import Callable, Iterable, Iterator

from jobs.choices import Misfire, Reason
from jobs.declarations.disabled import setting_that_disables
from jobs.declarations.job import Job
from jobs.formats import counted, format_duration
from jobs.ledger.in_force import InForce
from jobs.ledger.plan import CATCH_UP_LIMIT
from jobs.models import Gap, Repair, Run
from jobs.reading.explain.evidence import Evidence, run_in_the_way, sentence


def explain_gap(job: Job, gap: Gap | Repair, evidence: Evidence) -> Iterator[str]:
    yield from GAP[Reason(gap.reason)](job, gap, evidence)
    if gap.count > 1:
        span = evidence.clock.span(gap.first, gap.last)
        yield f"The same happened to {counted(gap.count, 'occurrence')} in a row, {span}."


def explain_repair(job: Job, repair: Repair, run: Run, evidence: Evidence) -> Iterator[str]:
    """Of an occurrence that got its run afterwards: why it had none, and who asked for it."""
    yield from explain_gap(job, repair, evidence)
    at = evidence.clock.short(repair.repaired_at)
    what = f"that of {repair.by}" if repair.reason == Reason.PREDECESSOR else "it"
    why = f": {sentence(repair.why)}" if repair.why else "."
    yield f"{repair.repaired_by} had {what} run afterwards, at {at}; run {run.pk} is for this occurrence{why}"


def _gap_overlap(job: Job, gap: Gap | Repair, evidence: Evidence) -> Iterator[str]:
    policy = f" (overlap={job.overlap.value!r})"
    if gap.blocked_by is None:
        yield f"It was skipped: another run of the job was in its way{policy}; that run has been deleted since."
    else:
        yield f"It was skipped: {run_in_the_way(gap.blocked_by, evidence.clock, evidence.occurrence)}{policy}."


def _gap_paused(job: Job, gap: Gap | Repair, evidence: Evidence) -> Iterator[str]:
    why = f": {sentence(gap.note)}" if gap.note else "."
    yield f"It was skipped: the job was paused by {gap.by}{why}"
    pause = evidence.in_force_then.get(job.name, InForce()).pause
    if pause is None:
        return
    if not pause.is_over(evidence.now):
        until = f"until {evidence.clock.short(pause.until)}" if pause.until else "without an end"
        yield f"It is still paused, {until}. `manage.py resume {job.name}` ends it."
    elif pause.ended_at and pause.ended_by:
        yield f"{pause.ended_by} resumed it at {evidence.clock.short(pause.ended_at)}."
    elif pause.end:
        yield f"The pause ended at {evidence.clock.short(pause.end)}."


def _gap_held(job: Job, gap: Gap | Repair, evidence: Evidence) -> Iterator[str]:
    yield f"It was skipped: everything was held by {gap.by}{f': {sentence(gap.note)}' if gap.note else '.'}"
    hold = evidence.in_force_then.get(job.name, InForce()).hold
    if hold and not hold.is_over(evidence.now):
        until = f"until {evidence.clock.short(hold.until)}" if hold.until else "without an end"
        yield f"It still is, {until}. `manage.py hold --end` ends it."
    elif hold and hold.end:
        by = f", when {hold.ended_by} ended it" if hold.ended_by else ""
        yield f"The hold lasted until {evidence.clock.short(hold.end)}{by}."


def _gap_disabled(job: Job, gap: Gap | Repair, evidence: Evidence) -> Iterator[str]:
    yield f"It was skipped: the function was disabled in Azure by the app setting {gap.by}."
    if setting_that_disables(job.name):
        yield "It still is."


def _gap_too_late(job: Job, gap: Gap | Repair, evidence: Evidence) -> Iterator[str]:
    deadline = job.deadline_at(evidence.occurrence)
    rule = gap.note or (
        f"the start deadline is {format_duration(deadline)}" if deadline else "it no longer has a start deadline"
    )
    if gap.recorded_at < evidence.occurrence:  # the gap was extended, and doesn't say when
        yield f"It was missed: it was found too late ({rule})."
    else:
        yield (
            f"It was missed: no host was running until {evidence.clock.short(gap.recorded_at)}, "
            f"{format_duration(gap.recorded_at - evidence.occurrence)} late ({rule})."
        )


def _gap_superseded(job: Job, gap: Gap | Repair, evidence: Evidence) -> Iterator[str]:
    rule = f"misfire={job.misfire.value!r}"
    if job.misfire is Misfire.ALL:
        rule += f", {CATCH_UP_LIMIT} at most"
    yield f"It was missed: it was found late, and a later occurrence ran instead ({rule})."


def _gap_unscheduled(job: Job, gap: Gap | Repair, evidence: Evidence) -> Iterator[str]:
    yield "It was missed: the job or its schedule was removed while no host was running."


def _gap_predecessor(job: Job, gap: Gap | Repair, evidence: Evidence) -> Iterator[str]:
    yield (
        f"It was {gap.fate}: {sentence(gap.note)}" if gap.note else f"It was {gap.fate}: a predecessor didn't succeed."
    )


GAP: dict[Reason, Callable[[Job, Gap | Repair, Evidence], Iterable[str]]] = {
    Reason.OVERLAP: _gap_overlap,
    Reason.PAUSED: _gap_paused,
    Reason.DISABLED: _gap_disabled,
    Reason.HELD: _gap_held,
    Reason.TOO_LATE: _gap_too_late,
    Reason.SUPERSEDED: _gap_superseded,
    Reason.UNSCHEDULED: _gap_unscheduled,
    Reason.PREDECESSOR: _gap_predecessor,
}
