"""A call of a job's own function: the host's timer fired, or a person started it, in the portal or by the host's API.

The host doesn't say which of them it was. What is due is settled in any case; what else the call may mean is decided by
the moment that the host's schedule status names (docs/reference/azure.md, "Timers"), and by the clock that host and
worker share.
"""

import logging
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from jobs import clocks
from jobs.choices import Dispatch, Door, EventKind, Trigger
from jobs.declarations.job import Job
from jobs.execution.worker import this_worker
from jobs.formats import format_duration
from jobs.ledger import doorbell, events, overrides, releases, states, timing, triggers
from jobs.ledger.doorbell import Ring
from jobs.ledger.settle import ScheduledRun, settle

log = logging.getLogger(__name__)

# A timer may fire a little before its moment, by the clock that it goes by itself.
EARLY = timedelta(seconds=1)
# Timers fire up to once a second; that a release is at work needn't be written down as often.
SEEN = timedelta(seconds=20)


@dataclass(frozen=True, kw_only=True, slots=True)
class Call:
    """`called_for`: the moment that the host's timer fired for, or will fire for next; None where it doesn't say.

    `called_at` is the worker's own clock, which is the host's.
    """

    job: Job
    called_for: datetime | None
    invocation_id: str = ""
    called_at: datetime = field(default_factory=lambda: clocks.wall())

    @property
    def is_by_hand(self) -> bool:
        """Whether a person called: no timer fires for a moment that its own clock hasn't reached."""
        return self.called_for is not None and self.called_for > self.called_at + EARLY

    def settles_until(self, now: datetime) -> datetime:
        """The moment up to which the call settles, where the database's clock shows `now`."""
        reached = self.called_for or self.called_at
        return reached if not self.is_by_hand and now < reached <= now + timing.LONGEST_LEAD else now


def answer(call: Call) -> None:
    """Settle what is due and execute it. Where nothing is due: a manual run if a person called, else nothing."""
    releases.here.see(at_most_every=SEEN)
    now = states.clock()
    moment = call.settles_until(now)
    settled = settle([call.job], moment)
    if settled.runs:
        _execute(call, settled.runs)
    elif not call.is_by_hand and not releases.ours([call.job.name], releases.in_charge()):
        log.info("left to the release in charge, which declares it otherwise: job=%s", call.job.name)
    elif settled.due:
        log.info("nothing to run job=%s: what was due is skipped or missed, and the ledger says why", call.job.name)
    elif call.is_by_hand:
        with events.coming_from(Door.PORTAL):
            run = triggers.request(
                call.job.name, trigger=Trigger.MANUAL, requested_by="a manual call of the function", ring=False
            )
        this_worker.execute(run.pk, job=call.job, invocation_id=call.invocation_id)
    elif call.called_for is None:
        # A zone's timer also fires at moments that are none of the job's occurrences, and an overridden one at none:
        # these leave nothing.
        if not _fires_at_other_moments(call.job) and overrides.effective(call.job).has_timer:
            _leave_event(call, now, "The host doesn't say for which moment it called")
    elif call.called_for > moment:
        _leave_to_the_tick(call, now)
    elif _is_occurrence(call.job, call.called_for):
        _leave_event(call, now, f"It was called for {call.called_for.isoformat()}, which the ledger has already")


def _execute(call: Call, runs: list[ScheduledRun]) -> None:
    """The first run is ours; more than one there are only after an outage, and they are for any instance."""
    first, *others = runs
    if call.job.dispatch is Dispatch.QUEUE:
        others = runs
    else:
        this_worker.execute(first.run, job=call.job, invocation_id=call.invocation_id)
    doorbell.ring_all(Ring(run_id=run.run) for run in others)


def _fires_at_other_moments(job: Job) -> bool:
    assert job.schedule is not None
    return job.schedule.timer_expression != job.schedule.expression.text


def _is_occurrence(declared: Job, moment: datetime) -> bool:
    """A zone's timer also fires at moments that are none of the job's occurrences: these leave nothing."""
    job = overrides.effective(declared)
    assert job.schedule is not None
    return job.schedule.next(moment - timedelta(microseconds=1)) == moment


def _leave_event(call: Call, now: datetime, why: str) -> None:
    """An ambiguous call starts nothing: it may be the host's second call for one occurrence."""
    message = (
        f"{why}, and nothing is due: nothing was started. {_likely_cause(call, now)} "
        f"By hand: manage.py run {call.job.name}"
    )
    count = events.hourly(EventKind.AMBIGUOUS_CALL, message, job=call.job.name)
    # One warning an hour: a timer of each second may be called twice each second.
    level = logging.WARNING if count == 1 else logging.INFO
    log.log(level, "ambiguous call job=%s invocation=%s: %s", call.job.name, call.invocation_id, message)


def _likely_cause(call: Call, now: datetime) -> str:
    behind = now - call.called_at
    if behind > clocks.TOLERANCE:
        return (
            f"Likely cause: this host's clock is {format_duration(behind)} behind the database's, "
            "so that the tick came first."
        )
    return (
        "Likely cause: somebody called it while its scheduled run went on; or, where this comes again and again, two "
        "apps with one host id (a copy, a slot or a twin on the same storage account), whose hosts both fire the "
        "timer. Give each its own AzureFunctionsWebHost__hostid."
    )


def _leave_to_the_tick(call: Call, now: datetime) -> None:
    """A clock so far ahead would take a month's occurrences for due."""
    assert call.called_for is not None
    message = (
        f"The timer of {call.job.name} fired for {call.called_for.isoformat()}, and this host's clock is "
        f"{format_duration(call.called_at - now)} ahead of the database's: the tick starts what is due by that one. "
        "Set the host's clock."
    )
    if events.hourly(EventKind.CLOCK_AHEAD, message, job=call.job.name) == 1:
        log.warning("%s", message)
