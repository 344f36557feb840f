"""What an operator changes at run time: with owner, reason and, if wanted, an end. Code stays the truth."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Q

from jobs.choices import EventKind
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.declarations.parameters import check_arguments
from jobs.declarations.registry import registry
from jobs.ledger import claims, doorbell, events, overrides, pipelines, record, states
from jobs.ledger.doorbell import Ring
from jobs.ledger.eras import INSTANT
from jobs.ledger.overrides import Override
from jobs.ledger.sessions import ledger_transaction
from jobs.ledger.settle import settle
from jobs.models import JobState
from jobs.schedule.ncrontab import Expression
from jobs.schedule.occurrences import Schedule
from jobs.sentences import Sentence


class AlreadyPaused(Sentence, ValueError):
    """Job {job!r} is paused already, by {by}{why}. Resume it first, or leave it so."""

    def __init__(self, state: JobState) -> None:
        why = f": {state.paused_reason}" if state.paused_reason else ""
        super().__init__(job=state.job, by=state.paused_by, why=why)


class PauseEndsInThePast(Sentence, ValueError):
    """The pause of job {job!r} would end at {until}, which has passed. Give an end that lies ahead."""

    def __init__(self, job: Job, until: datetime) -> None:
        super().__init__(job=job.name, until=until.isoformat())


class NotPaused(Sentence, ValueError):
    """Job {job!r} is not paused."""

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
        state = JobState.objects.get(pk=job.name)
        clock = states.clock()
        if state.is_paused(clock):
            raise AlreadyPaused(state)
        if until is not None and until <= clock:
            raise PauseEndsInThePast(job, until)
        JobState.objects.filter(pk=job.name).update(
            paused_at=clock, paused_until=until, paused_by=by, paused_reason=reason
        )
        events.record(EventKind.PAUSED, _sentence(job, by, reason, until), job=job.name, by=by, reason=reason)
    doorbell.ring_all(Ring(run_id=run.run) for run in runs)


def resume(job: Job, *, by: str) -> None:
    """End the pause; what it swallowed stays skipped. Raises NotPaused."""
    with ledger_transaction():
        runs = settle([job], as_recorded=True).runs
        states.lock(job)
        if not JobState.objects.get(pk=job.name).is_paused(states.clock()):
            raise NotPaused(job)
        JobState.objects.filter(pk=job.name).update(paused_at=None, paused_until=None, paused_by="", paused_reason="")
        events.record(EventKind.RESUMED, f"{job.name} was resumed by {by}.", job=job.name, by=by)
    # Its retries waited for the end of the pause.
    ready = claims.next_ready(conf.JOBS_MAX_RUNNING)
    doorbell.ring_all(Ring(run_id=run) for run in dict.fromkeys([*(run.run for run in runs), *ready]))


def declared_or_left(name: str) -> Job:
    """The job, or what is left of one that is declared no longer: its pause or override, which may be ended.

    Raises UnknownJob.
    """
    left = Q(paused_at__isnull=False) | Q(override_at__isnull=False)
    if name not in registry and JobState.objects.filter(left, pk=name).exists():
        return Job(name=name, command=name)
    return registry[name]


class AlreadyOverridden(Sentence, ValueError):
    """Job {job!r} is overridden already, by {by}{why}. End that override first, or leave it so."""

    def __init__(self, job: Job, override: overrides.Override) -> None:
        why = f": {override.reason}" if override.reason else ""
        super().__init__(job=job.name, by=override.by, why=why)


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
    """Job {job!r} is not overridden."""

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
        if held := overrides.in_force([job.name], clock).get(job.name):
            raise AlreadyOverridden(job, held)
        if until is not None and until <= clock:
            raise OverrideEndsInThePast(job, until)
        row = JobState.objects.filter(pk=job.name)
        clock = max(filter(None, (clock, row.get().ledger_through)))
        if until is not None and until <= clock:
            raise OverrideEndsBeforeItBegins(job, clock)
        wanted = Override(at=clock, by=by, schedule=schedule, time_zone=time_zone)
        if schedule or time_zone:
            pipelines.check_schedules(overrides.applied(job, wanted), clock)
        row.update(
            override_at=clock,
            override_until=until,
            override_by=by,
            override_reason=reason,
            override_schedule=schedule,
            override_time_zone=time_zone,
            override_arguments=None if arguments is None else list(arguments),
            zone_rules="",  # the tick looks at the job at once
        )
        runs += settle([job], clock, as_recorded=True).runs
        sentence = _sentence(job, by, reason, until, "overridden")
        events.record(EventKind.OVERRIDDEN, sentence, job=job.name, by=by, reason=reason)
    doorbell.ring_all(Ring(run_id=run.run) for run in runs)


def end_override(job: Job, *, by: str) -> None:
    """Let the declaration hold again. Raises NotOverridden."""
    with ledger_transaction():
        clock = states.clock()
        runs = settle([job], clock, as_recorded=True).runs
        states.lock(job)
        if job.name not in overrides.in_force([job.name], clock):
            raise NotOverridden(job)
        state = JobState.objects.get(pk=job.name)
        assert state.override_at is not None
        # What the ledger has decided was due by the override, up to this very moment.
        end = max(clock, state.override_at, *filter(None, [state.ledger_through])) + INSTANT
        JobState.objects.filter(pk=job.name).update(override_until=end, zone_rules="")
        message = f"{by} ended the override of {job.name} by {state.override_by}."
        events.record(EventKind.OVERRIDE_ENDED, message, job=job.name, by=by, at=end)
        if job.schedule is None:
            record.end_overrides([job.name])
        runs += settle([job], end, as_recorded=True).runs
    doorbell.ring_all(Ring(run_id=run.run) for run in runs)


def _check_override(job: Job, schedule: str, time_zone: str, arguments: Sequence[str] | None) -> None:
    if not (schedule or time_zone) and arguments is None:
        raise NothingToOverride(f"Say what of job {job.name!r} to override: its schedule, time zone or arguments.")
    if job.schedule is None and (schedule or time_zone):
        raise NothingToOverride(
            f"Job {job.name!r} has no schedule to override: it is started by hand or by its predecessors."
        )
    if job.schedule is not None:
        wanted = Schedule(Expression(schedule) if schedule else job.schedule.expression, time_zone or job.schedule.zone)
        if wanted.expression.never_fires:
            raise NeverDue(job, wanted.expression)
    if arguments is not None:
        check_arguments(job.command, arguments)


def _sentence(job: Job, by: str, reason: str, until: datetime | None, what: str = "paused") -> str:
    end = f" until {until.isoformat()}" if until else ""
    return f"{job.name} was {what} by {by}{end}{f': {reason}' if reason else '.'}"
