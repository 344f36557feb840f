"""What this process executes: claims, slots, and the shutdown.

`this_worker.execute` is the way from a queued run to an ended one; a timer, the doorbell and `manage.py run` call it.
"""

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from jobs import clocks, telemetry
from jobs.choices import AttemptStatus, Status
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.execution import outcome
from jobs.execution.echo import Echo
from jobs.execution.isolation.client import server
from jobs.execution.shutdown import Shutdown
from jobs.execution.supervisor import Supervisor
from jobs.execution.writer import writer
from jobs.ledger import attempts, claims, doorbell, instance, leases, onlookers, sql, timing, unknown_jobs
from jobs.ledger.attempts import Outcome
from jobs.ledger.claims import Claim
from jobs.ledger.doorbell import Ring
from jobs.ledger.endings import Ended

log = logging.getLogger(__name__)


class Slots:
    """How many runs this process may execute at once."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.taken = 0

    @contextmanager
    def take(self) -> Iterator[bool]:
        """Take a slot for the time of the block; False where none is free."""
        with self._lock:
            free = self.taken < conf.JOBS_MAX_RUNNING
            self.taken += free
        try:
            yield free
        finally:
            with self._lock:
                self.taken -= free


class Worker:
    """Executes runs, several at once, each in the thread that asks for it."""

    def __init__(self) -> None:
        self.shutdown = Shutdown()
        # The attempts that are being watched.
        self.supervisors: set[Supervisor] = set()
        self._slots = Slots()
        # Invocations whose claim of a run ended in an error of the connection, each with its run.
        self._unsure: dict[str, int] = {}

    def execute(
        self, run_id: int, *, job: Job | None = None, invocation_id: str = "", echo: Echo | None = None
    ) -> Status | None:
        """Claim this run, execute it to its end, and give its status then. `job` is its job, where the caller knows it.

        None where it wasn't ours to execute: another supervisor was first, no slot is free, it isn't due yet, a rule
        makes it wait, or this release doesn't know its job. Its row says which. `echo` shows the output as it comes.
        """
        with self._slots.take() as free:
            if not free or self.shutdown.at is not None:
                # Another instance may be idle, and this one's message is used up.
                doorbell.ring(run_id, timing.BUSY)
                return None
            self.give_unsure_back()
            if job is None and unknown_jobs.pass_on(run_id):
                return None
            attempted = self._attempt(run_id, invocation_id, echo)
        if attempted is None:
            return None
        ended, ready = attempted
        self._wake_others(ended, ready)
        return ended.status

    def give_unsure_back(self) -> None:
        """Put runs back in the queue whose claim was committed when the database went away, and acknowledged to nobody.

        Nothing was started for them. Left alone they would end as lost with their lease.
        """
        for invocation_id, run_id in list(self._unsure.items()):
            error = "The database went away while it was claimed: nothing was started."
            interrupted = Outcome(status=AttemptStatus.INTERRUPTED, error=error, begun=False)
            try:
                for claim in leases.of_invocation(run_id, invocation_id):
                    if ended := attempts.finish(claim, interrupted):
                        log.info("gave back run=%s job=%s attempt=%s", claim.run_id, claim.job, claim.attempt)
                        doorbell.ring_all(ended.rings)
            except sql.Busy as busy:
                log.warning("run=%s can't be given back now; the next run or tick tries again: %s", run_id, busy)
                continue
            self._unsure.pop(invocation_id, None)

    def shut_down(self, chance: timedelta, grace: timedelta | None = None) -> None:
        """Start no more runs; give those at work this chance to end, then interrupt them; return when all have ended.

        An interrupted run gets SIGTERM, its job's grace (or `grace`, where that is shorter), then SIGKILL, and returns
        to the queue.
        """
        self.shutdown.grace = grace
        self.shutdown.at = time.monotonic() + chance.total_seconds()
        # The database may be away, and the platform's patience ends: what is known by then is on disk.
        writer.keep_ends()
        for supervisor in list(self.supervisors):
            supervisor.wake()
        # A slot is taken before the claim: none is left out that was just about to start.
        while self._slots.taken:
            time.sleep(0.02)
        server.stop()

    def open_again(self) -> None:
        """Execute runs again after `shut_down`."""
        self.shutdown.at = self.shutdown.grace = None
        writer.keep_ends(False)

    def _attempt(self, run_id: int, invocation_id: str, echo: Echo | None) -> tuple[Ended, list[int]] | None:
        """Claim the run and watch its attempt. Gives its end and the runs that could start then.

        None where it wasn't ours, or is no longer.
        """
        with telemetry.attempt() as span:
            # The lease begins with the claim, and its fence before: this process may be stopped in between.
            asked_at = clocks.since_boot()
            claim = self._claim(run_id, invocation_id, span.trace_id)
            if claim is None:
                return None
            span.started(claim)
            log.info("started run=%s job=%s attempt=%s", claim.run_id, claim.job, claim.attempt)
            onlookers.has_started(claim)
            try:
                supervisor = Supervisor(claim, self.shutdown, invocation_id, echo, span, asked_at)
            except Exception as fault:  # the run is claimed: it must end
                log.exception("run=%s job=%s attempt=%s: its supervisor failed", claim.run_id, claim.job, claim.attempt)
                ended = attempts.finish(claim, outcome.of_a_fault(fault))
                return None if ended is None else (ended, claims.next_ready(conf.JOBS_MAX_RUNNING))
            self.supervisors.add(supervisor)
            try:
                ended = supervisor.supervise()
                return None if ended is None else (ended, supervisor.ready)
            finally:
                self.supervisors.discard(supervisor)

    def _claim(self, run_id: int, invocation_id: str, trace_id: str) -> Claim | None:
        try:
            return claims.claim(run_id, instance.current(), invocation_id, trace_id)
        except sql.AWAY:
            if invocation_id:
                self._unsure[invocation_id] = run_id
            raise

    def _wake_others(self, ended: Ended, ready: list[int]) -> None:
        """Ring for the steps that follow, for a retry, and for runs that waited for this one's end or its slot."""
        rung = {ring.run_id for ring in ended.rings}
        others = [Ring(run_id=run_id) for run_id in ready if run_id not in rung] if self.shutdown.at is None else []
        doorbell.ring_all([*ended.rings, *others])


this_worker = Worker()
