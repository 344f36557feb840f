"""What runs report to an observer: a span an attempt, and metrics.

Off until `send_to` names a sink (opentelemetry.py): until then these functions do nothing, and nothing of OpenTelemetry
is imported. Only a worker sends; the fork server and its children never do.
"""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction

from jobs.conf import conf

if TYPE_CHECKING:
    from jobs.ledger.attempts import Outcome
    from jobs.ledger.claims import Claim


class Span:
    """The span of one attempt. This one is reported to nobody."""

    trace_id = ""

    def environment(self) -> dict[str, str]:
        """The variables by which a command's own telemetry joins the trace."""
        return {}

    def started(self, claim: "Claim") -> None:
        """The attempt is ours. A span that isn't started so leaves nothing."""

    def ended(self, outcome: "Outcome | None") -> None:
        """The attempt's end is recorded; None where the attempt was no longer ours."""


class Sink:
    """Where telemetry goes. This one: nowhere."""

    is_on = False

    @contextmanager
    def invocation(self, traceparent: str) -> Iterator[None]:
        yield

    @contextmanager
    def attempt(self) -> Iterator[Span]:
        yield Span()

    def run_ended(self, job: str, status: str) -> None: ...

    def missed(self, job: str, reason: str, count: int) -> None: ...

    def lost(self, job: str) -> None: ...

    def not_judged(self) -> None: ...

    def queue(self, length: int, age: timedelta) -> None: ...

    def flush(self, timeout: timedelta) -> None: ...


_sink = Sink()


def send_to(sink: Sink) -> None:
    """From now on telemetry goes there."""
    global _sink
    _sink = sink


def is_on() -> bool:
    return _sink.is_on


def invocation(traceparent: str) -> AbstractContextManager[None]:
    """What happens in this block belongs to the host's invocation: its trace context, as W3C writes it, or ""."""
    return _sink.invocation(traceparent)


def attempt() -> AbstractContextManager[Span]:
    """The span of an attempt that is about to be claimed. Log lines of this thread in the block belong to it."""
    return _sink.attempt()


def run_ended(job: str, status: str) -> None:
    """Count a run's end, once the transaction is committed."""
    if _sink.is_on:
        transaction.on_commit(partial(_sink.run_ended, job, status), robust=True)


def missed(job: str, reason: str, count: int = 1) -> None:
    """Count occurrences that nobody ran, once the transaction is committed."""
    if _sink.is_on:
        transaction.on_commit(partial(_sink.missed, job, reason, count), robust=True)


def lost(job: str) -> None:
    """Count an attempt whose supervisor vanished, once the transaction is committed."""
    if _sink.is_on:
        transaction.on_commit(partial(_sink.lost, job), robust=True)


def not_judged() -> None:
    """Count an end, an occurrence or a tick of which alerts couldn't be judged."""
    _sink.not_judged()


def queue(length: int, age: timedelta) -> None:
    """How many runs wait now that could start, and how long the oldest of them has waited."""
    _sink.queue(length, age)


def flush(timeout: timedelta) -> None:
    """Send what is held back, within this time."""
    _sink.flush(timeout)


def url_of(trace_id: str) -> str:
    """Where a person finds this trace: TRACE_URL with the id in it. Empty without the one or the other."""
    return conf.TRACE_URL.replace("{trace_id}", trace_id) if trace_id else ""
