"""Once a minute: settle what is due, rescue what was lost, ring forgotten doorbells. It supervises nothing."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from jobs import telemetry
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.execution import journal
from jobs.execution.worker import this_worker
from jobs.ledger import (
    claims,
    doorbell,
    instance,
    leases,
    queue,
    record,
    releases,
    rewinding,
    sql,
    states,
    timing,
    unknown_jobs,
)
from jobs.ledger.doorbell import Ring
from jobs.ledger.last_tick import TickObserver
from jobs.ledger.settle import ScheduledRun, retire, settle

log = logging.getLogger(__name__)


class Tick:
    """What a process that ticks knows from one tick to the next."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Be as in a process that has just started."""
        self.is_aligned = False  # whether all jobs were looked at once
        self.observer = TickObserver()

    def run(self) -> list[ScheduledRun]:
        """Settle all jobs that are due, and put right what was left undone. Gives the runs that came of it."""
        _unless_busy(self.observer.observe)
        releases.here.see()
        rewinding.report_lead()
        due = _due() if self.is_aligned else self._align()
        this_worker.give_unsure_back()
        runs = _settle(due)
        # Not before: where the database fails here, the next tick has to look at all jobs again.
        self.is_aligned = True
        doorbell.ring_all(_put_right([Ring(run_id=run.run) for run in runs]))
        if telemetry.is_on():
            telemetry.queue(*queue.waiting())
        _unless_busy(_note_end)
        return runs

    def _align(self) -> list[Job]:
        """Give the ledger the jobs as this process declares them: all that have a schedule are to be settled."""
        # A job without a schedule gets its row too: in the admin it is what is asked to run.
        states.begin(job for job in registry.values() if not job.schedule)
        scheduled = registry.scheduled()
        _unless_busy(partial(retire, [job.name for job in scheduled]))
        return scheduled


here = Tick()


def tick() -> list[ScheduledRun]:
    """The next tick of this process. Gives the runs that came of it."""
    return here.run()


def _put_right(rings: list[Ring]) -> list[Ring]:
    """End what was missed or lost, and add whom to ring for to these rings."""
    rings = rings + journal.record()
    missed = queue.miss_overdue()
    rings += unknown_jobs.fail_unknown()
    lost = leases.expired()
    rings += leases.declare_lost(lost, "Its supervisor vanished: no heartbeat came until its lease ran out.")
    # What waited behind a run that ended here can start now.
    ready = claims.next_ready(conf.JOBS_MAX_RUNNING) if missed or lost else []
    rung = {ring.run_id for ring in rings}
    return rings + [Ring(run_id=run) for run in dict.fromkeys(ready + queue.forgotten()) if run not in rung]


def _unless_busy(work: Callable[[], object]) -> None:
    """Do what the tick can do without: a row that another session has locked must not stop the rest."""
    try:
        work()
    except sql.Busy as error:
        log.warning("a part of the tick is left to the next one: %s", error)


def _settle(due: list[Job]) -> list[ScheduledRun]:
    """Settle the jobs, all at once; one by one where that fails: the job that can't be settled hurts no other."""
    try:
        return settle(due, patience=timing.PATIENCE, skip_locked=True).runs
    except sql.AWAY:
        raise
    except sql.Busy as error:
        log.warning("the jobs can't be settled together; trying each by itself: %s", error)
    except Exception:
        log.exception("the jobs can't be settled together; trying each by itself")
    runs: list[ScheduledRun] = []
    for job in due:
        try:
            runs += settle([job], patience=timing.PATIENCE, skip_locked=True).runs
        except sql.AWAY:
            raise
        except sql.Busy as error:
            log.warning("job=%s can't be settled now, the next tick tries again: %s", job.name, error)
        except Exception:
            log.exception("job=%s can't be settled, so nothing of it is queued; each tick tries again", job.name)
    return runs


def silence() -> timedelta | None:
    """How long ago a tick last came to its end; None where none has."""
    # Never below zero: the clock may have been set back since.
    row = sql.row("SELECT greatest(clock_timestamp() - at, interval '0') FROM nightshift_lasttick WHERE at IS NOT NULL")
    return row[0] if row else None


def _note_end() -> None:
    sql.execute(
        """
        INSERT INTO nightshift_lasttick (at, instance) VALUES (clock_timestamp(), %s)
            ON CONFLICT (id) DO UPDATE SET at = excluded.at, instance = excluded.instance
        """,
        [instance.current().name],
    )


def _due() -> list[Job]:
    """The jobs with an occurrence to settle: at once those without a timer, after a while those that have one.

    Also those whose next moment was computed with another schedule or other rules of the zone than this process has,
    and those with an override, of which their timers know nothing.
    """
    scheduled = registry.scheduled()
    mine = [
        (job.name, *record.computed_with(job), timing.PATIENCE if job.has_timer else timedelta(0)) for job in scheduled
    ]
    found = sql.rows(
        """
        SELECT job
          FROM nightshift_jobstate JOIN unnest(%s::text[], %s::text[], %s::text[], %s::interval[])
                                    AS mine(job, declared, zone_rules, patience) USING (job)
         WHERE next_due_at <= clock_timestamp() - patience
            OR (nightshift_jobstate.declared, nightshift_jobstate.zone_rules) <> (mine.declared, mine.zone_rules)
            OR EXISTS (
                   SELECT FROM nightshift_intervention i
                    WHERE i.job = nightshift_jobstate.job AND i.kind = 'override' AND i.ended_at IS NULL
                      AND (i.schedule <> '' OR i.time_zone <> ''))
        """,
        [list(column) for column in zip(*mine, strict=True)] or [[]] * 4,
    )
    due = {job for (job,) in found}
    return [job for job in scheduled if job.name in due]
