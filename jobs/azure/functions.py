"""The FunctionApp: timers of the scheduled jobs, the tick, the queues' functions, and Django for all of HTTP."""

import logging
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import UTC, datetime

import azure.functions as func
from django.db import close_old_connections

from jobs import checks
from jobs.azure import http, idle, shutdown, telemetry
from jobs.azure.queue import POISON_QUEUE, QUEUE
from jobs.azure.storage import CONNECTION
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.execution import startup, tick
from jobs.execution.timer_calls import Call, answer
from jobs.execution.worker import this_worker
from jobs.ledger import migration_gate, poison, sessions, sql
from jobs.telemetry import invocation

log = logging.getLogger(__name__)

TICK = "0 * * * * *"


def build() -> func.FunctionApp:
    """The functions of all declared jobs. `manage.py check` has already rejected what Azure would reject silently."""
    telemetry.set_up()
    if not conf.LOCAL:  # the local host has its own way to stop
        shutdown.listen()
        startup.begin()
        _log_what_is_wrong()
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for job in registry.scheduled():
        if job.has_timer:
            _add_timer(app, job)
    _add_tick(app)
    _add_queue(app)
    _add_poison_queue(app)
    http.add(app)
    return app


def _log_what_is_wrong() -> None:
    """Errors that only show with the app settings of Azure; `manage.py check` ran in the build, without them."""
    for message in checks.at_start():
        log.log(message.level, "%s: %s %s", message.id, message.msg, message.hint)


def _add_timer(app: func.FunctionApp, job: Job) -> None:
    assert job.schedule is not None

    @app.function_name(job.name)
    @app.timer_trigger(
        arg_name="timer",
        schedule=job.schedule.timer_expression,
        # It would also fire at every restart and on every new instance (docs/reference/azure.md, "Timers").
        run_on_startup=False,
        use_monitor=True,
    )
    def timer_function(timer: func.TimerRequest, context: func.Context) -> None:
        call = Call(job=job, called_for=_scheduled_moment(timer), invocation_id=context.invocation_id)
        with usable_connections(), within(context):
            if migration_gate.allows(f"the timer of {job.name}"):
                try:
                    answer(call)
                except sql.Busy as error:
                    log.warning("job=%s is left to the tick: %s", job.name, error)


def _add_tick(app: func.FunctionApp) -> None:
    @app.function_name("tick")
    @app.timer_trigger(arg_name="timer", schedule=TICK, run_on_startup=False, use_monitor=True)
    def tick_function(timer: func.TimerRequest, context: func.Context) -> None:
        with usable_connections(), within(context):
            if migration_gate.allows("the tick"):
                tick.tick()


def _add_queue(app: func.FunctionApp) -> None:
    @app.function_name("execute_run")
    @app.queue_trigger(arg_name="message", queue_name=QUEUE, connection=CONNECTION)
    def execute_run(message: func.QueueMessage, context: func.Context) -> None:
        run = int(message.get_body())
        try:
            with usable_connections(), within(context):
                if migration_gate.allows(f"run={run}"):
                    this_worker.execute(run, invocation_id=context.invocation_id)
        except (*sql.AWAY, sql.Busy) as error:
            # Raised, the message would come again at once, and be poisoned within a second of an outage that the run
            # survives: its row waits, and the tick rings for it when the database is back.
            log.warning("run=%s can't be claimed now and waits for the tick: %s", run, str(error).strip())


def _add_poison_queue(app: func.FunctionApp) -> None:
    @app.function_name("poisoned_run")
    @app.queue_trigger(arg_name="message", queue_name=POISON_QUEUE, connection=CONNECTION)
    def poisoned_run(message: func.QueueMessage, context: func.Context) -> None:
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
