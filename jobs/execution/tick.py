"""Once a minute: settle what is due, rescue what was lost, ring forgotten doorbells. It supervises nothing."""

import logging
from collections.abc import Callable
from datetime import timedelta
from functools import partial

from jobs import clocks, telemetry
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.execution import journal
from jobs.execution.worker import this_worker
from jobs.ledger import (
    claims,
    doorbell,
    instance,
    judging,
    leases,
    notices,
    outages,
    overdue,
    queue,
    record,
    releases,
    rewinding,
    sql,
    states,
    timing,
    unknown_jobs,
)
from jobs.ledger import to_do as to_do_list
from jobs.ledger.doorbell import Ring
from jobs.ledger.last_tick import TickObserver
from jobs.ledger.settle import ScheduledRun, retire, settle
from jobs.ledger.to_do import ToDo

log = logging.getLogger(__name__)

# How often a tick looks for watermarks that lie ahead, in seconds: it reads all of them.
LEAD = 300.0


class Tick:
    """What a process that ticks knows from one tick to the next."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Be as in a process that has just started."""
        self.is_aligned = False  # whether all jobs were looked at once
        self.observer = TickObserver()
        # Which declarations the last tick knew, and when it was (clocks.elapsed); when it last looked for a lead.
        self._version, self._began_at, self._lead_at = registry.version, 0.0, -LEAD

    def run(self) -> list[ScheduledRun]:
        """Settle all jobs that are due, and put right what was left undone. Gives the runs that came of it."""
        began_at = clocks.elapsed()
        _unless_busy(self.observer.observe)
        releases.here.see()
        if clocks.elapsed() - self._lead_at >= LEAD:
            rewinding.report_lead()
            self._lead_at = clocks.elapsed()
        to_do = to_do_list.look()
        due = self._due(to_do) if self.is_aligned else self._align()
        this_worker.give_unsure_back()
        runs = _settle(due)
        # Not before: where the database fails here, the next tick has to look at all jobs again.
        self.is_aligned = True
        self._version, self._began_at = registry.version, began_at
        doorbell.ring_all(_put_right(to_do, [Ring(run_id=run.run) for run in runs]))
        self._judge(to_do)
        if to_do.notices:
            notices.wake()
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

    def _judge(self, to_do: ToDo) -> None:
        """Open and close the incidents that no run's end does. Last: an outage of ours is known by what came of it."""
        if to_do.incidents:
            _unless_busy(partial(judging.alone, outages.report, "an outage"))
        if to_do.incidents or overdue.have_rules():
            now = self.observer.last.at if self.observer.last else clocks.wall()
            judge = partial(overdue.judge, now, alone=to_do.incidents and not to_do.others)
            _unless_busy(partial(judging.alone, judge, "rules about time"))

    def _due(self, to_do: ToDo) -> list[Job]:
        """The jobs to settle. Also those whose next moment was computed otherwise than this process would: only where
        another release is at work, or since this process has other declarations or hasn't ticked for long.
        """
        names = {*to_do.late, *to_do.overridden}
        due = [job for name in sorted(names) if (job := registry.get(name)) and job.schedule and to_do.is_due(job)]
        since = clocks.elapsed() - self._began_at
        if to_do.others or self._version is not registry.version or since > timing.LONGEST_PAUSE.total_seconds():
            due = list({job.name: job for job in [*due, *_computed_otherwise()]}.values())
        return due


here = Tick()


def tick() -> list[ScheduledRun]:
    """The next tick of this process. Gives the runs that came of it."""
    return here.run()


def _put_right(to_do: ToDo, rings: list[Ring]) -> list[Ring]:
    """End what was missed or lost, and add whom to ring for to these rings."""
    rings = rings + journal.record()
    missed = queue.miss_overdue() if to_do.overdue else 0
    rings += unknown_jobs.fail_unknown() if to_do.unknown else []
    lost = leases.expired() if to_do.lost else []
    rings += leases.declare_lost(lost, "Its supervisor vanished: no heartbeat came until its lease ran out.")
    # What waited behind a run that ended here can start now.
    ready = claims.next_ready(conf.JOBS_MAX_RUNNING) if missed or lost else []
    rung = {ring.run_id for ring in rings}
    forgotten = queue.forgotten() if to_do.forgotten else []
    return rings + [Ring(run_id=run) for run in dict.fromkeys(ready + forgotten) if run not in rung]


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


def _computed_otherwise() -> list[Job]:
    """The jobs whose next moment was computed with another schedule, or other rules of its zone, than those here."""
    scheduled = registry.scheduled()
    mine = [(job.name, *record.computed_with(job)) for job in scheduled]
    found = sql.rows(
        """
        SELECT job
          FROM nightshift_jobstate s JOIN unnest(%s::text[], %s::text[], %s::text[]) AS mine(job, declared, zone_rules)
         USING (job)
         WHERE (s.declared, s.zone_rules) <> (mine.declared, mine.zone_rules)
        """,
        [list(column) for column in zip(*mine, strict=True)] or [[]] * 3,
    )
    return [registry[job] for (job,) in found]
