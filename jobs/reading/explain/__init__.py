"""Why didn't it run at 02:00? The ledger's answer for one occurrence of a job, in a few plain sentences.

Each cause has a function of its own, found in a table by a run's status (`runs.RUN`) or a gap's reason (`gaps.GAP`).
The number of queries is the same for any length of ledger and pipeline.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.conf import settings

from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import in_force, overrides, states
from jobs.ledger.eras import INSTANT
from jobs.ledger.in_force import InForce
from jobs.models import Gap, Intervention, Run
from jobs.reading import keyset
from jobs.reading.explain.evidence import Cause, Clock, Evidence, ancestors, covers, joined, sentence
from jobs.reading.explain.occurrence import fate_of
from jobs.reading.explain.runs import explain_run
from jobs.reading.explain.unrecorded import describe_ended
from jobs.schedule.occurrences import Schedule

__all__ = ["Cause", "Explanation", "explain", "schedule_of", "zone_of"]


@dataclass(frozen=True, kw_only=True, slots=True)
class Explanation:
    """What happened to an occurrence: sentences for people, facts for programs.

    `previous` and `next` are the neighbours of the requested time, if that isn't an occurrence.
    """

    job: str
    cause: Cause
    sentences: tuple[str, ...]
    occurrence: datetime | None = None
    run: Run | None = None
    gap: Gap | None = None
    previous: datetime | None = None
    next: datetime | None = None

    @property
    def text(self) -> str:
        return " ".join(self.sentences)


def explain(job: Job, when: datetime | None = None, now: datetime | None = None) -> Explanation:
    """What happened to the job's occurrence nearest `when`; without it, to the latest that was due.

    `now` is the database's clock unless given. For a pipeline's step the occurrences are those of the schedule at the
    pipeline's beginning. Where there is no schedule at all, the run nearest `when` is explained.
    """
    moment = now or states.clock()
    # Local times that the clock jumps over equal nothing, so Python has it.
    when = when.astimezone(UTC) if when else None
    job, *before_it = _jobs_at([job, *(registry[name] for name in ancestors(job))], when, moment)
    schedule = _first_schedule([job, *before_it])
    if schedule is None:
        return _without_schedule(job, when, moment)
    before, after = schedule.previous((when or moment) + INSTANT), schedule.next(when or moment)
    former = when if when and before != when and job.schedule and _is_recorded(job, when) else None
    occurrence = former or _nearest(when, before, after)
    clock = Clock(schedule.zone, moment, occurrence)
    if occurrence is None:
        return Explanation(
            job=job.name, cause=Cause.NO_OCCURRENCE, sentences=(_never(job, schedule, when, after, clock),), next=after
        )
    evidence = Evidence.read(job, schedule, occurrence, moment, clock)
    cause, sentences = fate_of(job, evidence)
    if former:
        sentences = [*sentences, *_edited_since(job, schedule, evidence)]
    sentences = [*sentences, *_explain_override(job, evidence, sentences)]
    exact = when is None or occurrence == when
    return Explanation(
        job=job.name,
        cause=cause,
        sentences=(*([] if exact or when is None else [_neighbours(job, when, before, after, clock)]), *sentences),
        occurrence=occurrence,
        run=evidence.runs.get(job.name),
        gap=evidence.gaps.get(job.name),
        previous=None if exact else before,
        next=None if exact else after,
    )


def _is_recorded(job: Job, moment: datetime) -> bool:
    """Whether the ledger holds an occurrence at a moment that the schedule doesn't name: a former one did."""
    if Run.objects.filter(job=job.name, scheduled_for=moment).exists():
        return True
    return any(covers(gap, moment) for gap in Gap.objects.filter(job=job.name, first__lte=moment, last__gte=moment))


def _edited_since(job: Job, schedule: Schedule, evidence: Evidence) -> Iterator[str]:
    gap = evidence.gaps.get(job.name)
    by = f" ({gap.fingerprint})" if gap else ""
    yield f"The schedule was different then{by}; now it is {schedule.fingerprint}."
    if event := evidence.edits.get(job.name):
        yield sentence(event.message)


def _explain_override(job: Job, evidence: Evidence, said: Sequence[str]) -> Iterator[str]:
    """Of the one that was in force at the occurrence and has ended, and of the one that is now."""
    then, now = (
        evidence.in_force_then.get(job.name, InForce()).override,
        evidence.in_force_now.get(job.name, InForce()).override,
    )
    if then and then != now and describe_ended(then, evidence.clock) not in said:
        yield describe_ended(then, evidence.clock)
    if now:
        end = f" until {evidence.clock.short(now.until)}" if now.until else ""
        yield f"Its declaration is overridden by {now.by}{end}{f': {now.reason}' if now.reason else '.'}"
        if why := overrides.unreadable(job, now):
            yield f"That override can't be read: {why} It doesn't apply. {overrides.END}"


def schedule_of(job: Job) -> Schedule | None:
    """The job's schedule; for a step, the one that its pipeline begins with. None where a person starts it."""
    return _first_schedule([job, *(registry[name] for name in ancestors(job))])


def _first_schedule(jobs: Iterable[Job]) -> Schedule | None:
    return next((job.schedule for job in jobs if job.schedule), None)


def _jobs_at(jobs: Sequence[Job], when: datetime | None, now: datetime) -> list[Job]:
    """These jobs as they are now, or were or will be at a moment."""
    found = Intervention.objects.covering(when) if when else Intervention.objects.in_force(now)
    names = [job.name for job in jobs]
    current = in_force.of_each(found.filter(job__in=names), names)
    return [_under(current.get(job.name, InForce()).override, job, when) for job in jobs]


def _under(override: Intervention | None, job: Job, when: datetime | None) -> Job:
    """The job under the override; as declared where the override's occurrence nearest the moment lies outside of it."""
    changed = overrides.applied(job, override)
    if when is None or override is None or changed.schedule is None:
        return changed
    nearest = _nearest(when, changed.schedule.previous(when + INSTANT), changed.schedule.next(when))
    return changed if nearest and override.covers(nearest) else job


def zone_of(job: Job) -> ZoneInfo:
    """The zone in which the job's moments are shown."""
    schedule = schedule_of(job)
    return schedule.zone if schedule else ZoneInfo(settings.TIME_ZONE)


def _without_schedule(job: Job, when: datetime | None, now: datetime) -> Explanation:
    """A job that a person or program starts: its run nearest the moment."""
    # By id, as the index of a job's runs has them. Ids ascend with the time of writing.
    place = keyset.first_id_since(Run, "created_at", (when or now) + INSTANT)
    runs_of_job = keyset.by_index(Run.objects.all(), job=job.name)
    nearest = [*runs_of_job.filter(pk__lt=place)[:1], *runs_of_job.filter(pk__gte=place).reverse()[:1]]
    clock = Clock(ZoneInfo(settings.TIME_ZONE), now)
    head = f"{job.name} has no schedule: " + (
        f"it follows {joined(job.after)}, which a person or program starts."
        if job.after
        else "a person or program starts it."
    )
    runs = sorted(nearest, key=lambda run: abs(run.created_at - (when or now)))
    if not runs:
        return Explanation(job=job.name, cause=Cause.NO_OCCURRENCE, sentences=(head, "It has never run."))
    cause, sentences = explain_run(job, runs[0], clock)
    return Explanation(job=job.name, cause=cause, sentences=(head, *sentences), run=runs[0])


def _nearest(when: datetime | None, before: datetime | None, after: datetime | None) -> datetime | None:
    if when is None or before is None or after is None:
        return before if when is None else before or after
    return before if when - before <= after - when else after


def _neighbours(job: Job, when: datetime, before: datetime | None, after: datetime | None, clock: Clock) -> str:
    near = joined([clock.full(moment) for moment in (before, after) if moment])
    return f"{job.name} has no occurrence at {clock.full(when)}: the nearest are {near}."


def _never(job: Job, schedule: Schedule, when: datetime | None, after: datetime | None, clock: Clock) -> str:
    if after is None:
        return f"{job.name} has no occurrence: its schedule {schedule.expression.text} never fires."
    return f"{job.name} isn't due before its first occurrence at {clock.full(after)}."
