"""The one place where scheduled runs come from.

`settle` decides about every occurrence between a job's watermark and now, under the lock on the job's `JobState`.
Timers call it for their job, the tick for all that are due. It takes at most nine statements, for one job or for ten
thousand, beside those for each run that is replaced, and one more where an occurrence was missed; one where nothing is
due.
"""

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial

from jobs.choices import InterventionKind
from jobs.declarations import disabled
from jobs.declarations.job import Job
from jobs.formats import counted
from jobs.ledger import (
    endings,
    eras,
    gaps,
    incidents,
    judging,
    pipelines,
    record,
    releases,
    rewinding,
    sql,
    states,
    statistics,
    step_gaps,
    steps,
)
from jobs.ledger.eras import Era, Timeline
from jobs.ledger.failpoints import point
from jobs.ledger.pipelines import Pipeline
from jobs.ledger.plan import Plan, decide
from jobs.ledger.record import ScheduledRun, Window
from jobs.ledger.releases import Release
from jobs.ledger.sessions import ledger_transaction
from jobs.ledger.states import State
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.occurrences import Schedule
from jobs.schedule.zones import UnknownZone

__all__ = ["ScheduledRun", "Settled", "retire", "settle"]

log = logging.getLogger(__name__)

NEVER = Schedule("0 0 0 30 2 *")


@dataclass(frozen=True, kw_only=True, slots=True)
class Settled:
    """What came of it: the runs that were queued, oldest first, and the jobs of which anything was due."""

    runs: list[ScheduledRun] = field(default_factory=list)
    due: frozenset[str] = frozenset()


def settle(
    jobs: Iterable[Job],
    now: datetime | None = None,
    *,
    patience: timedelta = timedelta(0),
    skip_locked: bool = False,
    as_recorded: bool = False,
) -> Settled:
    """Decide about all occurrences of `jobs` between their watermarks and `now`, and record it.

    `now` is the database's clock unless given. Occurrences younger than `patience` are left to the timers of jobs that
    have one. With `skip_locked`, jobs that another process settles at this moment are left to it.

    Timers and the tick bring edited declarations into force. An operator's process may lack settings that the app has:
    it settles `as_recorded`, by the declaration that the ledger follows, and begins no ledger.

    Nobody is rung for the runs that it queues.
    """
    scheduled = {job.name: job for job in jobs if job.schedule}
    if not scheduled:
        return Settled()
    work = partial(_settle, scheduled, now, patience, skip_locked, as_recorded)
    return judging.if_it_works(work, f"what was due of {counted(len(scheduled), 'job')}")


def _settle(
    scheduled: Mapping[str, Job], now: datetime | None, patience: timedelta, skip_locked: bool, as_recorded: bool
) -> Settled:
    def windows_of(found: Iterable[State]) -> list[Window]:
        return [
            window
            for state in found
            if state.job in scheduled  # else a step, read for its lock
            and (window := _window(scheduled[state.job], state, now or state.clock, patience, as_recorded))
        ]

    # A look without a lock: a watermark only goes forward, so what isn't due by it isn't due under the lock either.
    looked = states.read(list(scheduled))
    seen = windows_of(looked)
    known = {window.job.name for window in seen}
    missing = [] if as_recorded else [name for name in scheduled if name not in known]
    names = [*missing, *(window.job.name for window in seen if window.changes_something)]
    due = {window.job.name for window in seen if window.timeline.is_due}
    if not names:
        return Settled()
    with ledger_transaction():
        if missing:
            states.begin([scheduled[name] for name in missing], now)
        other = releases.with_key(looked[0].in_charge if looked else releases.key_in_charge())
        pipeline = pipelines.of_release(other)
        found = windows_of(_hold(names, looked, pipeline, other, skip_locked))
        # Of what is due no longer another session has just decided.
        due |= {window.job.name for window in found if window.timeline.is_due}
        if left := sorted(set(names) - {window.job.name for window in found}):
            log.warning(
                "not settled, their rows are locked by another session; the next tick tries: job=%s", ",".join(left)
            )
        if not as_recorded:
            # Asked with the lock: what a newer release has settled is its own from then on.
            ours = releases.ours([window.job.name for window in found], other)
            found = [window for window in found if window.job.name in ours]
        runs = _settle_locked(found, pipeline)
        point("settle.before_commit")
    point("settle.after_commit")
    for run in runs:
        log.info("queued run=%s job=%s scheduled_for=%s", run.run, run.job, run.scheduled_for.isoformat())
    return Settled(runs=runs, due=frozenset(due))


def retire(scheduled: Sequence[str]) -> None:
    """Close the ledgers of jobs whose schedule was taken away: what was due until then, and undecided, is missed.

    `scheduled` are the names of the jobs that have a schedule. If one comes back, its ledger begins again then.
    """
    looked = states.read_unscheduled(scheduled)
    if not looked:
        return
    names = [state.job for state in looked]
    # Another release may have begun with a job that this one doesn't know.
    if releases.with_key(looked[0].in_charge) is not None:
        return
    judging.if_it_works(partial(_retire, names, looked), "what was due of jobs that have no schedule any more")


def _retire(names: Sequence[str], looked: Sequence[State]) -> None:
    with ledger_transaction():
        pipeline = pipelines.of_release(None)
        held = _hold(names, looked, pipeline, None, skip_locked=True)
        _settle_locked([_abandoned(state) for state in held if state.ledger.fingerprint], pipeline)


def _hold(
    names: Sequence[str], looked: Sequence[State], pipeline: Pipeline, other: Release | None, skip_locked: bool
) -> list[State]:
    """Lock these jobs, and the steps after them: what becomes of a job's occurrences decides what becomes of theirs.

    With `skip_locked`, jobs that another session has locked, or a step of which, are left out. Raises Busy where the
    release in charge is another one than the one whose steps these are.
    """
    steps = {name: pipeline.descendants(name).keys() for name in names}
    all_steps = sorted({step for found in steps.values() for step in found})
    states.ensure(all_steps)
    # A job without a row was begun a moment ago.
    since = states.first_seen(looked[0].clock if looked else states.clock())
    held = states.hold(names, all_steps, looked, since, skip_locked=skip_locked)
    if held and releases.with_key(held[0].in_charge) != other:
        raise sql.Busy("another release has just been put in charge")
    locked = {state.job for state in held}
    return [state for state in held if state.job in steps and steps[state.job] <= locked]


def _window(job: Job, state: State, now: datetime, patience: timedelta, as_recorded: bool) -> Window | None:
    if as_recorded:
        try:
            recorded = eras.declaration_of(job, state.ledger) if state.ledger.through else None
        except (InvalidExpression, UnknownZone):
            recorded = None
        if recorded is None:
            return None
        job = recorded
    began = states.first_seen(state.clock)
    line = eras.timeline(job, state.ledger, began=began, clock=state.clock, now=now, patience=patience)
    return Window(job=job, state=state, timeline=line, now=now, as_recorded=as_recorded)


def _abandoned(state: State) -> Window:
    """The last window of a job that has no schedule any more; an empty one where the former can't be read."""
    job, unreadable = Job(name=state.job, command=state.job), ""
    began = max(states.first_seen(state.clock), state.ledger.through or state.clock)
    try:
        job = eras.declaration_of(job, state.ledger) or job
        line = eras.timeline(job, state.ledger, began=began, clock=began, now=began, patience=timedelta(0))
    except (InvalidExpression, UnknownZone) as error:
        unreadable = str(error)
        line = Timeline(eras=[Era(replace(job, schedule=NEVER), began, began)])
    line = replace(line, edited_at=began, former=state.ledger.fingerprint, unreadable=unreadable, restarted=True)
    return Window(job=job, state=state, timeline=line, now=state.clock, abandoned=True)


def _settle_locked(windows: Sequence[Window], pipeline: Pipeline) -> list[ScheduledRun]:
    record.insert_edits([window for window in windows if window.timeline.edited_at])
    plans: list[tuple[Window, Plan]] = []
    if due := [window for window in windows if window.timeline.is_due]:
        plans = [(window, _plan(window)) for window in due]
        plans = rewinding.without_recorded(plans)
        endings.cancel_for_replacement([run for _, plan in plans for run in plan.replaces])
    latest_gaps = gaps.insert(plans)
    swallowed = [*gaps.swallowed(plans), *step_gaps.insert(plans, pipeline)]
    changed = [window for window in windows if window.changes_something]
    record.end_interventions([found for window in changed for found in window.over])
    runs = record.insert_runs_and_advance(plans, changed, latest_gaps)
    for window in changed:
        if window.timeline.restarted:
            line = window.timeline
            for end in steps.left_waiting(window.job.name, line.through, line.until, pipeline):
                endings.follow(end, pipeline)
    incidents.missed(swallowed)
    statistics.count(swallowed)
    return runs


def _plan(window: Window) -> Plan:
    state, line = window.state, window.timeline
    return decide(
        line.eras,
        now=window.now,
        activity=[run for run in state.activity if run.finished_at is None or run.finished_at > line.through],
        disabled_by=disabled.setting_that_disables(window.job.name),
        abandoned=window.abandoned,
        # What a paused job misses it misses for its pause, also while everything is held.
        pauses=[
            found
            for kind in (InterventionKind.PAUSE, InterventionKind.HOLD)
            for found in state.interventions
            if found.kind == kind
        ],
    )
