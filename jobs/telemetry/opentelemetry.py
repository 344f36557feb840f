"""Spans and metrics through OpenTelemetry's API. Who receives them is said by otlp.py or azure/telemetry.py."""

import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from opentelemetry import context, metrics, trace
from opentelemetry._logs import get_logger_provider
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.trace import SpanKind, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from jobs.choices import AttemptStatus
from jobs.telemetry import Sink, Span

if TYPE_CHECKING:
    from jobs.ledger.attempts import Outcome
    from jobs.ledger.claims import Claim

NAME = "nightshift"
# The tick reports the queue once a minute. An instance that doesn't tick any more, in seconds, says nothing of it.
FRESH = 150.0
# In seconds: how finely lateness and duration are divided. OpenTelemetry's own bounds are meant for milliseconds.
BOUNDS = (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400)
ERRORS = {AttemptStatus.FAILED, AttemptStatus.TIMED_OUT, AttemptStatus.LOST}
W3C = TraceContextTextMapPropagator()


class OpenTelemetry(Sink):
    """Tells the tracer, the meter and the loggers of this process. Make one, after the SDK has been set up."""

    is_on = True

    def __init__(self) -> None:
        self.tracer = trace.get_tracer(NAME)
        self._queue: tuple[int, float] = 0, 0.0
        self._queue_seen_at: float | None = None
        meter = metrics.get_meter(NAME)
        self.active = meter.create_up_down_counter(
            f"{NAME}.runs.active", "{run}", "Runs at work, by the instance that supervises them."
        )
        self.duration = meter.create_histogram(
            f"{NAME}.attempt.duration", "s", "Of attempts.", explicit_bucket_boundaries_advisory=BOUNDS
        )
        self.lateness = meter.create_histogram(
            f"{NAME}.run.lateness",
            "s",
            "From an occurrence to the start of its first attempt.",
            explicit_bucket_boundaries_advisory=BOUNDS,
        )
        self._ended = meter.create_counter(f"{NAME}.runs", "{run}", "Runs that ended, by their status.")
        self._missed = meter.create_counter(f"{NAME}.occurrences.missed", "{occurrence}", "Due, and never run.")
        self._lost = meter.create_counter(f"{NAME}.attempts.lost", "{attempt}", "Their supervisors vanished.")
        self._not_judged = meter.create_counter(
            f"{NAME}.alerts.not_judged", "{failure}", "Ends, occurrences and ticks whose alerts couldn't be judged."
        )
        meter.create_observable_gauge(
            f"{NAME}.queue.age", [self._observe_age], "s", "How long the oldest run that could start has waited."
        )
        meter.create_observable_gauge(
            f"{NAME}.queue.length", [self._observe_length], "{run}", "Queued runs that could start."
        )

    @contextmanager
    def invocation(self, traceparent: str) -> Iterator[None]:
        token = context.attach(W3C.extract({"traceparent": traceparent}, context.Context()))
        try:
            yield
        finally:
            context.detach(token)

    @contextmanager
    def attempt(self) -> Iterator[Span]:
        # A consumer's span: what asked for the run doesn't wait for it. One that is never ended is never sent.
        span = self.tracer.start_span("run", kind=SpanKind.CONSUMER)
        attempt = AttemptSpan(span, self)
        try:
            with trace.use_span(span):
                yield attempt
        finally:
            attempt.close()

    def run_ended(self, job: str, status: str) -> None:
        self._ended.add(1, {f"{NAME}.job": job, f"{NAME}.status": status})

    def missed(self, job: str, reason: str, count: int) -> None:
        self._missed.add(count, {f"{NAME}.job": job, f"{NAME}.reason": reason})

    def lost(self, job: str) -> None:
        self._lost.add(1, {f"{NAME}.job": job})

    def not_judged(self) -> None:
        self._not_judged.add(1)

    def queue(self, length: int, age: timedelta) -> None:
        self._queue = length, age.total_seconds()
        self._queue_seen_at = time.monotonic()

    def flush(self, timeout: timedelta) -> None:
        deadline = time.monotonic() + timeout.total_seconds()
        providers = (trace.get_tracer_provider(), get_logger_provider(), metrics.get_meter_provider())
        # The SDK's own time limits bind neither a slow network nor its retries: threads can be left behind.
        threads = [
            threading.Thread(target=provider.force_flush, daemon=True)
            for provider in providers
            if hasattr(provider, "force_flush")  # the API's own providers, without an SDK, have none
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))

    def _observe_length(self, options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(self._queue[0])] if self._has_ticked() else []

    def _observe_age(self, options: CallbackOptions) -> Iterable[Observation]:
        return [Observation(self._queue[1])] if self._has_ticked() else []

    def _has_ticked(self) -> bool:
        return self._queue_seen_at is not None and time.monotonic() - self._queue_seen_at < FRESH


class AttemptSpan(Span):
    """The span of one attempt, from its claim to its recorded end, with the metrics that go with it."""

    def __init__(self, span: trace.Span, sink: OpenTelemetry) -> None:
        self._span = span
        self._sink = sink
        self._claim: Claim | None = None
        self._is_over = False
        self.trace_id = trace.format_trace_id(span.get_span_context().trace_id)

    def environment(self) -> dict[str, str]:
        carrier: dict[str, str] = {}
        W3C.inject(carrier, trace.set_span_in_context(self._span, context.Context()))
        return {name.upper(): value for name, value in carrier.items()}

    def started(self, claim: "Claim") -> None:
        self._claim = claim
        self._span.update_name(f"run {claim.job}")
        self._span.set_attributes(
            {
                f"{NAME}.job": claim.job,
                f"{NAME}.run": claim.run_id,
                f"{NAME}.attempt": claim.attempt,
                f"{NAME}.trigger": claim.trigger,
            }
        )
        self._sink.active.add(1, {f"{NAME}.job": claim.job})
        if claim.scheduled_for is not None:
            self._span.set_attribute(f"{NAME}.scheduled_for", claim.scheduled_for.isoformat())
            if claim.attempt == 1 and claim.started_at is not None:
                lateness = max(claim.started_at - claim.scheduled_for, timedelta(0))
                self._sink.lateness.record(lateness.total_seconds(), {f"{NAME}.job": claim.job})

    def ended(self, outcome: "Outcome | None") -> None:
        assert self._claim is not None
        if outcome is None:
            self._span.set_status(StatusCode.ERROR, "The attempt was no longer ours.")
        else:
            self._report(outcome, self._claim)
        self.close()

    def close(self) -> None:
        """End the span if it was started: also where its supervisor failed."""
        if self._claim is not None and not self._is_over:
            self._is_over = True
            self._sink.active.add(-1, {f"{NAME}.job": self._claim.job})
            self._span.end()

    def _report(self, outcome: "Outcome", claim: "Claim") -> None:
        self._span.set_attribute(f"{NAME}.status", outcome.status)
        if outcome.exit_code is not None:
            self._span.set_attribute(f"{NAME}.exit_code", outcome.exit_code)
        if outcome.signal:
            self._span.set_attribute(f"{NAME}.signal", outcome.signal)
        if outcome.status in ERRORS:
            self._span.set_status(StatusCode.ERROR, outcome.error)
        elif outcome.status == AttemptStatus.SUCCEEDED:
            self._span.set_status(StatusCode.OK)
        if outcome.wall is not None:
            self._sink.duration.record(
                outcome.wall.total_seconds(), {f"{NAME}.job": claim.job, f"{NAME}.status": outcome.status}
            )
