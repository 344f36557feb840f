"""A call of a job's own function: the host's timer fired, or a person started it, in the portal or by the host's API.

The host doesn't say which of them it was. What is due is served in any case; what else the call may mean is told from
the moment that the host's schedule status names (AZURE.md, "Timers").
"""

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta

from jobs import doorbell, overrides, states, supervisor, triggers
from jobs.declarations import Job
from jobs.models import Event
from jobs.serve import Born, serve
from jobs.words import Dispatch, Trigger

log = logging.getLogger(__name__)

# The host's clock may be ahead of the database's. A timer that fires this early is believed.
SKEW = timedelta(seconds=5)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """`called_for`: the moment that the host's timer fired for, or will fire for next; None where it doesn't tell."""

    job: Job
    called_for: datetime | None
    invocation_id: str = ""


def answer(call: Call) -> None:
    """Serve what is due and execute it. Where nothing is due: a manual run if a person called, else nothing."""
    now, through = states.clock_and_watermark(call.job)
    early = call.called_for is not None and now < call.called_for <= now + SKEW
    moment = call.called_for if early and call.called_for else now
    born = serve([call.job], moment)
    if born:
        _execute(call, born)
    elif through is not None and _is_due(call.job, through, moment):
        log.info("nothing to run job=%s: what was due is skipped or missed, and the ledger says why", call.job.name)
    elif call.called_for is None:
        # A zone's timer also fires at moments that are none of the job's occurrences, and an overridden one at none:
        # these leave nothing.
        if not _fires_at_other_moments(call.job) and overrides.effective(call.job).has_timer:
            _leave_event(call, "The host doesn't tell for which moment it called")
    elif call.called_for > moment:
        run = triggers.request(
            call.job.name, trigger=Trigger.MANUAL, requested_by="a manual call of the function", ring=False
        )
        supervisor.execute(run.pk, invocation_id=call.invocation_id)
    elif _is_occurrence(call.job, call.called_for):
        _leave_event(call, f"It was called for {call.called_for.isoformat()}, which the ledger has already")


def _execute(call: Call, born: list[Born]) -> None:
    """The first run is ours; more than one there are only after an outage, and they are for any instance."""
    first, *others = born
    if call.job.dispatch is Dispatch.QUEUE:
        others = born
    else:
        supervisor.execute(first.run, invocation_id=call.invocation_id)
    for run in others:
        doorbell.ring(run.run)


def _is_due(job: Job, through: datetime, moment: datetime) -> bool:
    """Whether this call was the one to serve an occurrence: then it isn't ambiguous, also where no run came of it."""
    assert job.schedule is not None
    first = job.schedule.next(through)
    return first is not None and first <= moment


def _fires_at_other_moments(job: Job) -> bool:
    assert job.schedule is not None
    return job.schedule.timer_expression != job.schedule.expression.text


def _is_occurrence(declared: Job, moment: datetime) -> bool:
    """A zone's timer also fires at moments that are none of the job's occurrences: these leave nothing."""
    job = overrides.effective(declared)
    assert job.schedule is not None
    return job.schedule.next(moment - timedelta(microseconds=1)) == moment


def _leave_event(call: Call, why: str) -> None:
    """An ambiguous call starts nothing: it may be the host's second call for one occurrence."""
    Event.objects.create(
        job=call.job.name,
        kind="ambiguous_call",
        message=f"{why}, and nothing is due: nothing was started. By hand: manage.py run {call.job.name}",
    )
    log.info("ambiguous call job=%s invocation=%s: %s", call.job.name, call.invocation_id, why)
