"""One attempt, watched from outside of its process: output, heartbeat, deadline, cancellation, end.

`execute` is the way from a queued run to an ended one; a timer, the doorbell and `manage.py run` call it.
"""

import logging
import signal
import socket
import threading
import time
from collections.abc import Iterator
from concurrent.futures import TimeoutError as Unfinished
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jobs import masking, telemetry
from jobs.choices import AttemptStatus, Interrupted, Status
from jobs.conf import conf
from jobs.declarations.registry import registry
from jobs.execution.echo import Echo
from jobs.execution.isolation import marks
from jobs.execution.isolation.client import server
from jobs.execution.isolation.process import ForkServerFailed
from jobs.execution.output import Recorder
from jobs.execution.reports import Reports, sentence
from jobs.execution.watching import LAST_WORDS, Ear, Watch, closing
from jobs.execution.writer import Held, writer
from jobs.ledger import claims, doorbell, endings, instance, leases, sql, timing, unknown_jobs
from jobs.ledger.claims import Claim
from jobs.ledger.doorbell import Ring
from jobs.ledger.endings import Ended, Outcome
from jobs.ledger.failpoints import point

log = logging.getLogger(__name__)

FENCED = "No heartbeat reached the database for too long: it was killed before another attempt could start."


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


slots = Slots()
_supervisors: set["Supervisor"] = set()
# Invocations whose claim of a run ended in an error of the connection, each with its run.
_unsure: dict[str, int] = {}


def execute(run: int, *, invocation_id: str = "", echo: Echo | None = None) -> Status | None:
    """Claim this run, execute it to its end, and give its status then.

    None where it wasn't ours to execute: another supervisor was first, no slot is free, it isn't due yet, a rule
    makes it wait, or this release doesn't know its job. Its row says which. `echo` shows the output as it comes.
    """
    with slots.take() as free:
        if not free or closing.at is not None:
            # Another instance may be idle, and this one's message is used up.
            doorbell.ring(run, timing.BUSY)
            return None
        give_unsure_back()
        if unknown_jobs.pass_on(run):
            return None
        with telemetry.attempt() as span:
            # The lease begins with the claim, and its fence before: this process may be stopped in between.
            asked_at = timing.since_boot()
            try:
                claim = claims.claim(run, instance.current(), invocation_id, span.trace_id)
            except sql.AWAY:
                if invocation_id:
                    _unsure[invocation_id] = run
                raise
            if claim is None:
                return None
            span.started(claim)
            log.info("started run=%s job=%s attempt=%s", claim.run_id, claim.job, claim.attempt)
            try:
                supervisor = Supervisor(claim, invocation_id, echo, span, asked_at)
            except Exception as fault:  # noqa: BLE001 — the run is claimed: it must end
                ended = endings.finish(claim, _failed_by(fault, claim))
            else:
                ended = supervisor.supervise()
    if ended is None:
        return None
    _wake_others(ended)
    return ended.status


def give_unsure_back() -> None:
    """Put runs back in the queue whose claim was committed when the database went away, and acknowledged to nobody.

    Nothing was started for them. Left alone they would end as lost with their lease.
    """
    for invocation_id, run in list(_unsure.items()):
        error = "The database went away while it was claimed: nothing was started."
        outcome = Outcome(status=AttemptStatus.INTERRUPTED, error=error, begun=False)
        try:
            for claim in leases.of_invocation(run, invocation_id):
                if ended := endings.finish(claim, outcome):
                    log.info("gave back run=%s job=%s attempt=%s", claim.run_id, claim.job, claim.attempt)
                    doorbell.ring_all(ended.rings)
        except sql.Busy as error:
            log.warning("run=%s can't be given back now; the next run or tick tries again: %s", run, error)
            continue
        _unsure.pop(invocation_id, None)


def _wake_others(ended: Ended) -> None:
    """Ring for the steps that follow, for a retry, and for runs that waited for this one's end or its slot."""
    doorbell.ring_all(ended.rings)
    if closing.at is None:
        rung = {ring.run_id for ring in ended.rings}
        ready = claims.next_ready(conf.JOBS_MAX_RUNNING)
        doorbell.ring_all(Ring(run_id=run) for run in ready if run not in rung)


def shut_down(chance: timedelta, grace: timedelta | None = None) -> None:
    """Start no more runs; give those at work this chance to end, then interrupt them; return when all have ended.

    An interrupted run gets SIGTERM, its job's grace (or `grace`, where that is shorter), then SIGKILL, and returns to
    the queue.
    """
    closing.grace = grace
    closing.at = time.monotonic() + chance.total_seconds()
    # The database may be away, and the platform's patience ends: what is known by then is on disk.
    writer.keep_ends()
    for supervisor in list(_supervisors):
        supervisor.wake()
    # A slot is taken before the claim: none is left out that was just about to start.
    while slots.taken:
        time.sleep(0.02)
    server.stop()


def open_again() -> None:
    """Take up work again after `shut_down`."""
    closing.at = closing.grace = None
    writer.keep_ends(False)


class Supervisor:
    """Watches one attempt. All its methods but `wake` belong to the thread that supervises."""

    def __init__(
        self,
        claim: Claim,
        invocation_id: str,
        echo: Echo | None,
        span: telemetry.Span | None = None,
        asked_at: float | None = None,
    ) -> None:
        self.claim = claim
        self.span = span or telemetry.Span()
        self.job = registry[claim.job]
        self.invocation_id = invocation_id
        self.echo = echo
        self.left_to_journal = False
        self._wake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        secrets = [*masking.of_environment(), *masking.of_arguments(self.job, claim.arguments)]
        self.masker = masking.Masker(secrets)
        self.reports = Reports(self.masker)
        self.recorder = Recorder(
            lambda number, piece: writer.write(self.held, number, piece), self.job.output_limit, secrets
        )
        # Last: what raises up here must not leave an attempt behind whose lease is renewed for ever.
        self.held: Held = writer.hold(claim, self.wake, asked_at)
        if echo is not None:
            echo.wake = self.wake

    def wake(self) -> None:
        """Make the supervisor look at what has changed. Any thread may call it."""
        with suppress(OSError):
            self._waker.send(b"!")

    def supervise(self) -> Ended | None:
        """Watch the attempt to its end. None where it was no longer ours."""
        _supervisors.add(self)
        try:
            outcome = self._outcome_in_any_case()
            # Also where it was fenced: if the row is still this attempt's, its end is recorded.
            ended = self._record(outcome)
            # Before it is discarded: a worker that leaves sends what was told by then.
            self._tell(outcome, ended)
            return ended
        finally:
            _supervisors.discard(self)
            writer.release(self.held)
            self._wake.close()
            self._waker.close()

    def _outcome_in_any_case(self) -> Outcome:
        try:
            return self._outcome()
        except Exception as fault:  # noqa: BLE001 — the run is claimed: it must end
            return _failed_by(fault, self.claim)

    def _outcome(self) -> Outcome:
        began = time.monotonic()
        ear = Ear(self._take_output, self._take_reports, self.recorder.flush, lambda: self.recorder.flush_at)
        self.watch = Watch(self.job, self.held, self._request(), ear, self.echo, self._wake.fileno())
        point("fork.before")
        try:
            self.watch.run()
        except ForkServerFailed as failure:
            return Outcome(status=AttemptStatus.FAILED, error=sentence(str(failure), self.masker))
        point("exit.after")
        if self.watch.left_behind:
            self.recorder.note(self.masker.whole(self.watch.left_behind))
        for held, is_stderr in self.recorder.end():
            self._show(held, is_stderr)
        return self._judge(self.watch, timedelta(seconds=time.monotonic() - began))

    def _request(self) -> dict[str, Any]:
        claim = self.claim
        scheduled_for = claim.scheduled_for.isoformat() if claim.scheduled_for else None
        return {
            "command": self.job.command,
            "arguments": claim.arguments,
            "environment": {
                "JOBS_RUN": str(claim.run_id),
                "JOBS_ATTEMPT": str(claim.attempt),
                **self.span.environment(),
            },
            "mark": marks.mark(claim.run_id, claim.attempt),
            "run": {
                "id": claim.run_id,
                "job": claim.job,
                "attempt": claim.attempt,
                "trigger": claim.trigger,
                "scheduled_for": scheduled_for,
            },
        }

    def _take_output(self, data: bytes, is_stderr: bool) -> None:
        self._show(self.recorder.feed(data, is_stderr), is_stderr)

    def _show(self, data: bytes, is_stderr: bool) -> None:
        if self.echo is not None and data:
            self.echo.put(data, is_stderr)

    def _take_reports(self, data: bytes) -> None:
        if self.reports.take(data) and self.reports.progress:
            writer.report(self.held, self.reports.progress)

    def _judge(self, watch: Watch, wall: timedelta) -> Outcome:
        """What the attempt's end means. One that was told to end before it had ended was stopped, whatever it says."""
        receipt = watch.receipt or {}
        code = receipt.get("exit_code")
        if watch.stopping is not None and not watch.ended_by_itself(self.reports.end.get("at")):
            status, error = watch.stopping, self._why_stopped(watch.stopping)
        elif code == 0:
            status, error = AttemptStatus.SUCCEEDED, ""
        elif watch.fenced and code in {None, -signal.SIGKILL}:
            status, error = AttemptStatus.LOST, FENCED
        else:
            status, error = AttemptStatus.FAILED, self._why_failed(code)
        return Outcome(
            status=status,
            exit_code=code if code is not None and code >= 0 else None,
            signal=_signal_name(code) if code is not None and code < 0 else "",
            error=error,
            result=self.reports.end.get("result"),
            progress=self.reports.progress,
            wall=wall,
            cpu=timedelta(seconds=receipt["cpu"]) if receipt else None,
            peak_memory=receipt.get("peak_memory"),
            sql_statements=self.reports.end.get("sql_statements"),
            output_bytes=self.recorder.bytes,
            output_dropped=self.recorder.dropped,
            begun=watch.has_begun,
        )

    def _why_stopped(self, stopping: AttemptStatus) -> str:
        match stopping:
            case AttemptStatus.TIMED_OUT:
                return f"Stopped at its timeout of {self.job.timeout}."
            case AttemptStatus.CANCELLED:
                return "Cancelled while it ran."
            case _:
                return self._why_interrupted()

    def _why_interrupted(self) -> str:
        if not self.watch.has_begun:
            return "The worker shut down before it began."
        again = "" if self.job.interrupted is Interrupted.AGAIN else " It isn't run again (interrupted='fail')."
        return f"The worker shut down under it: it may have done all or part of its work.{again}"

    def _why_failed(self, code: int | None) -> str:
        if code is None:
            return "Its guardian was killed, and the child with it."
        if code >= 0:
            return str(self.reports.end.get("error") or f"The command ended with exit code {code}.")
        name = _signal_name(code)
        match name:
            case "SIGKILL":
                return "Killed by SIGKILL. The system does that to the largest process when memory runs out."
            case "SIGSEGV" | "SIGBUS" | "SIGABRT" | "SIGFPE" | "SIGILL":
                return f"Crashed with {name}: the fault is in compiled code, a library's or Python's."
            case _:
                return f"Ended by {name}."

    def _record(self, outcome: Outcome) -> Ended | None:
        """Record the end; without what the child said of it where the database refuses that."""
        try:
            return self._finish(outcome)
        except Exception as refused:  # the run is claimed: it must end
            log.exception("run=%s ended as %s, and the database refused it", self.claim.run_id, outcome.status)
            why = f"The database refused what the run reported: {type(refused).__name__}."
            return self._finish(replace(outcome, result=None, progress=None, error=why))

    def _finish(self, outcome: Outcome) -> Ended | None:
        """Have the end recorded, for as long as the database takes to come back, or until the worker leaves."""
        end = writer.finish(self.held, outcome)
        logged_at = time.monotonic()
        while True:
            with suppress(Unfinished):
                return end.recorded.result(timeout=1)
            now = time.monotonic()
            if end.kept and closing.at is not None and now >= closing.at + LAST_WORDS:
                self.left_to_journal = True
                return None
            if now >= logged_at + 60:
                logged_at = now
                log.warning("run=%s ended as %s; waiting for the database", self.claim.run_id, outcome.status)

    def _tell(self, outcome: Outcome, ended: Ended | None) -> None:
        ids = self.claim.run_id, self.claim.job, self.claim.attempt
        if self.left_to_journal:
            log.warning("run=%s job=%s attempt=%s ended: kept in the journal, the next start records it", *ids)
        elif ended is None:
            log.warning("gave up run=%s job=%s attempt=%s: it is no longer ours", *ids)
        else:
            log.info("ended run=%s job=%s attempt=%s status=%s", *ids, ended.status)
        self.span.ended(None if ended is None else outcome)


def _failed_by(fault: Exception, claim: Claim) -> Outcome:
    """The end of an attempt that this code can't watch any longer. To be called where the exception is handled."""
    log.exception("run=%s job=%s attempt=%s: its supervisor failed", claim.run_id, claim.job, claim.attempt)
    error = (
        f"Its supervisor failed with {type(fault).__name__}, which is a fault of Nightshift: the worker's log has it."
    )
    return Outcome(status=AttemptStatus.FAILED, error=error)


def _signal_name(code: int) -> str:
    try:
        return signal.Signals(-code).name
    except ValueError:
        return f"signal {-code}"
