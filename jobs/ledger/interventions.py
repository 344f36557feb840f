"""What an operator changes at run time: with owner, a reason and, if one was given, an end. Code stays the truth."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import F

from jobs import masking
from jobs.choices import EventKind, InterventionKind
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.declarations.parameters import check_arguments
from jobs.declarations.registry import registry
from jobs.formats import utc_time
from jobs.ledger import claims, doorbell, events, overrides, pipelines, states
from jobs.ledger.doorbell import Ring
from jobs.ledger.eras import INSTANT
from jobs.ledger.sessions import ledger_transaction
from jobs.ledger.settle import settle
from jobs.models import Intervention, JobState
from jobs.schedule.ncrontab import Expression
from jobs.schedule.occurrences import Schedule
from jobs.sentences import Sentence


class AlreadyPaused(Sentence, ValueError):
    """Job {job!r} is paused already, by {by}{why}. Resume it first, or leave it so."""

    def __init__(self, pause: Intervention) -> None:
        why = f": {pause.reason}" if pause.reason else ""
        super().__init__(job=pause.job, by=pause.by, why=why)


class PauseEndsInThePast(Sentence, ValueError):
    """The pause of job {job!r} would end at {until}, which has passed. Give an end that lies ahead."""

    def __init__(self, job: Job, until: datetime) -> None:
        super().__init__(job=job.name, until=until.isoformat())


class NotPaused(Sentence, ValueError):
    """Job {job!r} is not paused. `manage.py drift` lists the jobs that are."""

    def __init__(self, job: Job) -> None:
        super().__init__(job=job.name)


def pause(job: Job, *, by: str, reason: str = "", until: datetime | None = None) -> None:
    """From now on, skip the job's occurrences and steps, and let its retries wait; what a person asks for still starts.

    Raises AlreadyPaused or PauseEndsInThePast.
    """
    with ledger_transaction():
        # What was due before the pause has its run or its gap before the pause begins.
        runs = settle([job], as_recorded=True).runs
        states.lock(job)
        clock = states.clock()
        if held := _held(job, InterventionKind.PAUSE, clock):
            raise AlreadyPaused(held)
        if until is not None and until <= clock:
            raise PauseEndsInThePast(job, until)
        _begin(
            Intervention(job=job.name, kind=InterventionKind.PAUSE, by=by, reason=reason, began_at=clock, until=until)
        )
        events.record(
            EventKind.PAUSED,
            _sentence(job, by, reason, until),
            job=job.name,
            by=by,
            reason=reason,
            after={"until": until and until.isoformat()},
        )
    doorbell.ring_all(Ring(run_id=run.run) for run in runs)


def resume(job: Job, *, by: str) -> None:
    """End the pause; what it swallowed stays skipped. Raises NotPaused."""
    with ledger_transaction():
        runs = settle([job], as_recorded=True).runs
        states.lock(job)
        clock = states.clock()
        held = _held(job, InterventionKind.PAUSE, clock)
        if held is None:
            raise NotPaused(job)
        _end(held, max(clock, held.began_at), by)
        before = {"by": held.by, "reason": held.reason, "until": held.until and held.until.isoformat()}
        events.record(EventKind.RESUMED, f"{job.name} was resumed by {by}.", job=job.name, by=by, before=before)
    # Its retries waited for the end of the pause.
    ready = claims.next_ready(conf.JOBS_MAX_RUNNING)
    doorbell.ring_all(Ring(run_id=run) for run in dict.fromkeys([*(run.run for run in runs), *ready]))


def _held(job: Job, kind: InterventionKind, clock: datetime) -> Intervention | None:
    return Intervention.objects.in_force(clock).filter(job=job.name, kind=kind).first()


def _begin(intervention: Intervention) -> None:
    # One whose own end has passed may still be open: nobody has settled the job since.
    former = Intervention.objects.open().filter(job=intervention.job, kind=intervention.kind)
    former.update(ended_at=F("until"))
    intervention.save(force_insert=True)
    touch(intervention.job)


def _end(intervention: Intervention, at: datetime, by: str) -> None:
    Intervention.objects.filter(pk=intervention.pk).update(ended_at=at, ended_by=by)
    touch(intervention.job)


def touch(job: str) -> None:
    """Change the state row of a job whose interventions changed: whoever waits for its lock sees that they have.

    Without the zone's rules the tick looks at the job at once.
    """
    JobState.objects.filter(pk=job).update(zone_rules="")


def declared_or_left(name: str) -> Job:
    """The job, or what is left of one that is declared no longer: its pause or override, which may be ended.

    Raises UnknownJob.
    """
    if name not in registry and Intervention.objects.open().filter(job=name).exists():
        return Job(name=name, command=name)
    return registry[name]


class AlreadyOverridden(Sentence, ValueError):
    """Job {job!r} is overridden already, by {by}{why}. End that override first, or leave it so."""

    def __init__(self, override: Intervention) -> None:
        why = f": {override.reason}" if override.reason else ""
        super().__init__(job=override.job, by=override.by, why=why)


class NothingToOverride(ValueError):
    """The override would change nothing; the message says why."""


class NeverDue(Sentence, ValueError):
    """Overridden by {expression!r}, job {job!r} would never be due: no such day comes. To stop it, pause it."""

    def __init__(self, job: Job, expression: Expression) -> None:
        super().__init__(job=job.name, expression=expression.text)


class OverrideEndsInThePast(Sentence, ValueError):
    """The override of job {job!r} would end at {until}, which has passed. Give an end that lies ahead."""

    def __init__(self, job: Job, until: datetime) -> None:
        super().__init__(job=job.name, until=until.isoformat())


class OverrideEndsBeforeItBegins(Sentence, ValueError):
    """The ledger of job {job!r} reaches to {through} already, where the override would begin, and it would end before.
    Give a later end; if the ledger lies far ahead, set it back first: manage.py rewind {job} --reason ...
    """

    def __init__(self, job: Job, through: datetime) -> None:
        super().__init__(job=job.name, through=through.isoformat())


class NotOverridden(Sentence, ValueError):
    """Job {job!r} is not overridden. `manage.py drift` lists the jobs that are."""

    def __init__(self, job: Job) -> None:
        super().__init__(job=job.name)


def override(
    job: Job,
    *,
    schedule: str = "",
    time_zone: str = "",
    arguments: Sequence[str] | None = None,
    by: str,
    reason: str = "",
    until: datetime | None = None,
) -> None:
    """From now on, and until its end, let another schedule, zone or arguments hold than the declared ones.

    Raises InvalidExpression, UnknownZone, NothingToOverride, NeverDue, AlreadyOverridden, OverrideEndsInThePast,
    OverrideEndsBeforeItBegins or DifferentSchedules, and what `check_arguments` raises.
    """
    _check_override(job, schedule, time_zone, arguments)
    with ledger_transaction():
        # What was due by the declaration is decided before the override begins.
        clock = states.clock()
        runs = settle([job], clock, as_recorded=True).runs
        states.lock(job)
        if held := _held(job, InterventionKind.OVERRIDE, clock):
            raise AlreadyOverridden(held)
        if until is not None and until <= clock:
            raise OverrideEndsInThePast(job, until)
        clock = max(filter(None, (clock, JobState.objects.get(pk=job.name).ledger_through)))
        if until is not None and until <= clock:
            raise OverrideEndsBeforeItBegins(job, clock)
        wanted = Intervention(
            job=job.name,
            kind=InterventionKind.OVERRIDE,
            by=by,
            reason=reason,
            began_at=clock,
            until=until,
            schedule=schedule,
            time_zone=time_zone,
            arguments=None if arguments is None else list(arguments),
        )
        if wanted.replaces_schedule:
            pipelines.check_schedules(overrides.applied(job, wanted), clock)
        _begin(wanted)
        runs += settle([job], clock, as_recorded=True).runs
        sentence = _sentence(job, by, reason, until, "overridden")
        events.record(
            EventKind.OVERRIDDEN,
            sentence,
            job=job.name,
            by=by,
            reason=reason,
            before=_in_force(job),
            after=_in_force(overrides.applied(job, wanted)) | {"until": until and until.isoformat()},
        )
    doorbell.ring_all(Ring(run_id=run.run) for run in runs)


def end_override(job: Job, *, by: str) -> None:
    """Let the declaration hold again. Raises NotOverridden."""
    with ledger_transaction():
        clock = states.clock()
        runs = settle([job], clock, as_recorded=True).runs
        states.lock(job)
        held = _held(job, InterventionKind.OVERRIDE, clock)
        if held is None:
            raise NotOverridden(job)
        # What the ledger has decided was due by the override, up to this very moment.
        through = JobState.objects.get(pk=job.name).ledger_through
        end = max(filter(None, (clock, held.began_at, through))) + INSTANT
        _end(held, end, by)
        message = f"{by} ended the override of {job.name} by {held.by}."
        events.record(
            EventKind.OVERRIDE_ENDED,
            message,
            job=job.name,
            by=by,
            before=_in_force(overrides.applied(job, held)),
            after=_in_force(job),
        )
        runs += settle([job], end, as_recorded=True).runs
    doorbell.ring_all(Ring(run_id=run.run) for run in runs)


def _in_force(job: Job) -> dict[str, Any]:
    """What an override can replace, as JSON without secrets."""
    schedule = job.schedule
    return {
        "schedule": schedule and schedule.expression.text,
        "time_zone": schedule and schedule.zone.key,
        "arguments": masking.hide(job, list(job.arguments)),
    }


def _check_override(job: Job, schedule: str, time_zone: str, arguments: Sequence[str] | None) -> None:
    if not (schedule or time_zone) and arguments is None:
        raise NothingToOverride(f"Say what of job {job.name!r} to override: its schedule, time zone or arguments.")
    if job.schedule is None and (schedule or time_zone):
        raise NothingToOverride(
            f"Job {job.name!r} has no schedule to override: it is started by hand or by its predecessors. "
            "Override its arguments, or declare a schedule."
        )
    if job.schedule is not None:
        wanted = Schedule(Expression(schedule) if schedule else job.schedule.expression, time_zone or job.schedule.zone)
        if wanted.expression.never_fires:
            raise NeverDue(job, wanted.expression)
    if arguments is not None:
        check_arguments(job.command, arguments)


def _sentence(job: Job, by: str, reason: str, until: datetime | None, what: str = "paused") -> str:
    end = f" until {utc_time(until)}" if until else ""
    return f"{job.name} was {what} by {by}{end}{f': {reason}' if reason else '.'}"
