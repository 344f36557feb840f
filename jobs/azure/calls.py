"""What each function does when it is called: the timers of the jobs, the tick, the queue and the poison queue."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import azure.functions as func
from django.db import close_old_connections

from jobs.alerts import heartbeat, process
from jobs.azure import idle
from jobs.declarations.job import Job
from jobs.execution import startup, tick
from jobs.execution.timer_calls import Call, answer
from jobs.execution.worker import this_worker
from jobs.ledger import migration_gate, poison, sessions, sql
from jobs.telemetry import invocation

log = logging.getLogger(__name__)


def begin() -> None:
    """Do what a worker does once when it starts."""
    process.begin()
    startup.begin()


def of_timer(job: Job, timer: func.TimerRequest, context: func.Context) -> None:
    call = Call(job=job, called_for=_scheduled_moment(timer), invocation_id=context.invocation_id)
    with usable_connections(), within(context):
        if migration_gate.allows(f"the timer of {job.name}"):
            try:
                answer(call)
            except sql.Busy as error:
                log.warning("job=%s is left to the tick: %s", job.name, error)


def of_tick(context: func.Context) -> None:
    with usable_connections(), within(context):
        if migration_gate.allows("the tick"):
            tick.tick()
            heartbeat.here.beat()


def of_queue(message: func.QueueMessage, context: func.Context) -> None:
    run = int(message.get_body())
    try:
        with usable_connections(), within(context):
            if migration_gate.allows(f"run={run}"):
                this_worker.execute(run, invocation_id=context.invocation_id)
    except (*sql.AWAY, sql.Busy) as error:
        # Raised, the message would come again at once, and be poisoned within a second of an outage that the run
        # survives: its row waits, and the tick rings for it when the database is back.
        log.warning("run=%s can't be claimed now and waits for the tick: %s", run, str(error).strip())


def of_poison_queue(message: func.QueueMessage, context: func.Context) -> None:
    # If this raises, the host leaves the message invisible for ten minutes: a poison queue has no poison queue.
    with usable_connections(), within(context):
        poison.take(message.get_body().decode(errors="replace"), context.invocation_id)


def within(context: func.Context) -> AbstractContextManager[None]:
    """Telemetry of this block belongs to the host's invocation."""
    return invocation(context.trace_context.trace_parent or "")


@contextmanager
def usable_connections() -> Iterator[None]:
    """A thread of the worker lives for days: a connection that the server dropped must not fail the next call.

    The thread also answers HTTP: only within this block its session has limits.
    """
    close_old_connections()
    try:
        with idle.bounded(), sessions.ours():
            yield
    finally:
        close_old_connections()


def _scheduled_moment(timer: func.TimerRequest) -> datetime | None:
    """The moment that this call says it is for; None where the host keeps no status (more than one call a minute)."""
    status = getattr(timer, "schedule_status", None)  # the library's class has it, its base class doesn't
    if not status or not status.get("Next"):
        return None
    moment = datetime.fromisoformat(status["Next"])
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
