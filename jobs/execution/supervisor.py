"""One attempt, watched from outside of its process: from the claim to the record of its end."""

import logging
import socket
import time
from concurrent.futures import TimeoutError as Unfinished
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Any

from jobs import masking, telemetry
from jobs.choices import AttemptStatus, Cause
from jobs.declarations import alert
from jobs.declarations.registry import registry
from jobs.execution import outcome as outcomes
from jobs.execution.echo import Echo
from jobs.execution.isolation import marks
from jobs.execution.isolation.process import ForkServerFailed
from jobs.execution.output import Recorder
from jobs.execution.reports import Reports, sentence
from jobs.execution.searching import Search
from jobs.execution.shutdown import Shutdown
from jobs.execution.stopping import LAST_WORDS
from jobs.execution.watching import Ear, Watch
from jobs.execution.writer import writer
from jobs.ledger import watched
from jobs.ledger.attempts import Outcome
from jobs.ledger.claims import Claim
from jobs.ledger.endings import Ended
from jobs.ledger.failpoints import point

log = logging.getLogger(__name__)


class Supervisor:
    """Watches one attempt. All its methods but `wake` belong to the thread that supervises."""

    def __init__(
        self,
        claim: Claim,
        shutdown: Shutdown,
        invocation_id: str,
        echo: Echo | None,
        span: telemetry.Span | None = None,
        asked_at: float | None = None,
    ) -> None:
        self.claim = claim
        self.shutdown = shutdown
        self.span = span or telemetry.Span()
        self.job = registry[claim.job]
        self.invocation_id = invocation_id
        self.echo = echo
        self.left_to_journal = False
        self.ready: list[int] = []  # the runs that could start once its end was recorded
        self._wake, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        secrets = [*masking.of_environment(), *masking.of_arguments(self.job, claim.arguments)]
        self.masker = masking.Masker(secrets)
        self.reports = Reports(self.masker)
        self.recorder = Recorder(
            lambda number, piece: writer.write(self.held, number, piece), self.job.output_limit, secrets, self._search()
        )
        # Last: what raises up here must not leave an attempt behind whose lease is renewed for ever.
        self.held = writer.hold(claim, self.wake, asked_at)
        if echo is not None:
            echo.wake = self.wake

    def wake(self) -> None:
        """Make the supervisor look at what has changed. Any thread may call it."""
        with suppress(OSError):
            self._waker.send(b"!")

    def supervise(self) -> Ended | None:
        """Watch the attempt to its end. None where it was no longer ours."""
        try:
            outcome = self._outcome_in_any_case()
            # Also where it was fenced: if the row is still this attempt's, its end is recorded.
            ended = self._record(outcome)
            # Before it is released: a worker that leaves sends what was reported by then.
            self._report_end(outcome, ended)
            return ended
        finally:
            writer.release(self.held)
            self._wake.close()
            self._waker.close()

    def _outcome_in_any_case(self) -> Outcome:
        try:
            return self._outcome()
        except Exception as fault:  # the run is claimed: it must end
            claim = self.claim
            log.exception("run=%s job=%s attempt=%s: its supervisor failed", claim.run_id, claim.job, claim.attempt)
            return outcomes.of_a_fault(fault)

    def _outcome(self) -> Outcome:
        began = time.monotonic()
        ear = Ear(self._take_output, self._take_reports, self.recorder.flush, lambda: self.recorder.flush_at)
        self.watch = watch = Watch(
            self.job, self.held, self._request(), ear, self.shutdown, self.echo, self._wake.fileno()
        )
        point("fork.before")
        try:
            watch.run()
        except ForkServerFailed as failure:
            return Outcome(status=AttemptStatus.FAILED, error=sentence(str(failure), self.masker))
        point("exit.after")
        if left_behind := outcomes.left_behind(watch.receipt):
            self.recorder.note(self.masker.whole(left_behind))
        for held, is_stderr in self.recorder.end():
            self._show(held, is_stderr)
        return outcomes.judge(self.job, self._seen(watch, timedelta(seconds=time.monotonic() - began)))

    def _seen(self, watch: Watch, wall: timedelta) -> outcomes.Evidence:
        return outcomes.Evidence(
            receipt=watch.receipt,
            end=self.reports.end,
            progress=self.reports.progress,
            stopping=watch.stops.why,
            fenced=watch.stops.fenced,
            has_begun=watch.has_begun,
            wall=wall,
            output_bytes=self.recorder.bytes,
            output_dropped=self.recorder.dropped,
            warnings=self.recorder.warnings,
            matched=self.recorder.search.end(),
        )

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

    def _search(self) -> Search:
        rule = watched.of(self.job.name).rules.get(Cause.OUTPUT_MATCHES)
        return Search(rule.pattern if isinstance(rule, alert.output_matches) else "")

    def _take_output(self, data: bytes, is_stderr: bool) -> None:
        self._show(self.recorder.feed(data, is_stderr), is_stderr)

    def _show(self, data: bytes, is_stderr: bool) -> None:
        if self.echo is not None and data:
            self.echo.put(data, is_stderr)

    def _take_reports(self, data: bytes) -> None:
        if self.reports.take(data) and self.reports.progress:
            writer.report(self.held, self.reports.progress)

    def _record(self, outcome: Outcome) -> Ended | None:
        """Record the end; without what the child said of it where the database refuses that."""
        try:
            return self._finish(outcome)
        except Exception as refused:  # the run is claimed: it must end
            log.exception(
                "run=%s ended as %s, and the database refused what it reported; its end is recorded without",
                self.claim.run_id,
                outcome.status,
            )
            why = f"The database refused what the run reported: {type(refused).__name__}."
            return self._finish(replace(outcome, result=None, progress=None, error=why))

    def _finish(self, outcome: Outcome) -> Ended | None:
        """Have the end recorded, for as long as the database takes to come back, or until the worker leaves."""
        end = writer.finish(self.held, outcome)
        logged_at = time.monotonic()
        while True:
            with suppress(Unfinished):
                ended = end.recorded.result(timeout=1)
                self.ready = end.ready
                return ended
            now = time.monotonic()
            if end.kept and self.shutdown.at is not None and now >= self.shutdown.at + LAST_WORDS:
                self.left_to_journal = True
                return None
            if now >= logged_at + 60:
                logged_at = now
                log.warning("run=%s ended as %s; waiting for the database", self.claim.run_id, outcome.status)

    def _report_end(self, outcome: Outcome, ended: Ended | None) -> None:
        ids = self.claim.run_id, self.claim.job, self.claim.attempt
        if self.left_to_journal:
            log.warning("run=%s job=%s attempt=%s ended: kept in the journal, the next start records it", *ids)
        elif ended is None:
            log.warning("gave up run=%s job=%s attempt=%s: it is no longer ours", *ids)
        else:
            log.info("ended run=%s job=%s attempt=%s status=%s", *ids, ended.status)
        self.span.ended(None if ended is None else outcome)
