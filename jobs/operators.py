"""What an operator changes at run time: with owner, reason and, if wanted, an end. Code stays the truth."""

from datetime import datetime

from django.db import transaction

from jobs import doorbell, states
from jobs.declarations import Job
from jobs.models import Event, JobState
from jobs.serve import serve


class AlreadyPaused(ValueError):
    """Job {job!r} is paused already, by {by}: {reason}. Resume it first, or leave it so."""

    def __init__(self, state: JobState) -> None:
        why = f": {state.paused_reason}" if state.paused_reason else ""
        super().__init__(
            f"Job {state.job!r} is paused already, by {state.paused_by}{why}. Resume it first, or leave it so."
        )


class PauseEndsInThePast(ValueError):
    """The pause of job {job!r} would end at {until}, which has passed. Give an end that lies ahead."""

    def __init__(self, job: Job, until: datetime) -> None:
        super().__init__(
            f"The pause of job {job.name!r} would end at {until.isoformat()}, which has passed. "
            "Give an end that lies ahead."
        )


class NotPaused(ValueError):
    """Job {job!r} is not paused."""

    def __init__(self, job: Job) -> None:
        super().__init__(f"Job {job.name!r} is not paused.")


def pause(job: Job, *, by: str, reason: str = "", until: datetime | None = None) -> None:
    """From now on, skip the job's occurrences and steps; runs that a person asks for still start.

    Raises AlreadyPaused or PauseEndsInThePast.
    """
    with transaction.atomic():
        # What was due before the pause has its run or its gap before the pause begins.
        born = serve([job])
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
        Event.objects.create(job=job.name, kind="paused", by=by, message=_sentence(job, by, reason, until))
    for run in born:
        doorbell.ring(run.run)


def resume(job: Job, *, by: str) -> None:
    """End the pause; what it swallowed stays skipped. Raises NotPaused."""
    with transaction.atomic():
        serve([job])
        states.lock(job)
        if not JobState.objects.get(pk=job.name).is_paused(states.clock()):
            raise NotPaused(job)
        JobState.objects.filter(pk=job.name).update(paused_at=None, paused_until=None, paused_by="", paused_reason="")
        Event.objects.create(job=job.name, kind="resumed", by=by, message=f"{job.name} was resumed by {by}.")


def _sentence(job: Job, by: str, reason: str, until: datetime | None) -> str:
    end = f" until {until.isoformat()}" if until else ""
    return f"{job.name} was paused by {by}{end}{f': {reason}' if reason else '.'}"
