"""The FunctionApp: a timer for each job with a schedule, the tick, the queue's function, and Django for all of HTTP."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

import azure.functions as func
from django.conf import settings
from django.db import close_old_connections

from jobs import host_checks, supervisor, tick
from jobs.azure import http, leaving
from jobs.calls import Call, answer
from jobs.declarations import Job, registry

log = logging.getLogger(__name__)

TICK = "0 * * * * *"
QUEUE = "jobs-runs"
STORAGE = "AzureWebJobsStorage"


def build() -> func.FunctionApp:
    """The functions of all declared jobs. What Azure would refuse in silence, `manage.py check` has refused before."""
    if not settings.LOCAL:  # the local host has its own way to stop
        leaving.listen()
        _tell_what_is_wrong()
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for job in registry.scheduled():
        if job.has_timer:
            _add_timer(app, job)
    _add_tick(app)
    _add_queue(app)
    http.add(app)
    return app


def _tell_what_is_wrong() -> None:
    """What only shows where the app's settings are those of Azure; `manage.py check` ran in the build."""
    for problem in registry.problems:
        log.error("%s: %s %s (%s)", problem.id, problem.message, problem.hint, problem.place)
    for warning in host_checks.time_zone():
        log.warning("%s: %s %s", warning.id, warning.msg, warning.hint)


def _add_timer(app: func.FunctionApp, job: Job) -> None:
    assert job.schedule is not None

    @app.function_name(job.name)
    @app.timer_trigger(
        arg_name="timer",
        schedule=job.schedule.timer_expression,
        # It would also fire at every restart and at every new instance (AZURE.md, "Timers").
        run_on_startup=False,
        use_monitor=True,
    )
    def timer_function(timer: func.TimerRequest, context: func.Context) -> None:
        with usable_connections():
            answer(
                Call(
                    job=job,
                    called_for=_scheduled_moment(timer),
                    invocation_id=context.invocation_id,
                )
            )


def _add_tick(app: func.FunctionApp) -> None:
    @app.function_name("tick")
    @app.timer_trigger(arg_name="timer", schedule=TICK, run_on_startup=False, use_monitor=True)
    def tick_function(timer: func.TimerRequest) -> None:
        with usable_connections():
            tick.tick()


def _add_queue(app: func.FunctionApp) -> None:
    @app.function_name("execute_run")
    @app.queue_trigger(arg_name="message", queue_name=QUEUE, connection=STORAGE)
    def execute_run(message: func.QueueMessage, context: func.Context) -> None:
        with usable_connections():
            supervisor.execute(int(message.get_body()), invocation_id=context.invocation_id)


@contextmanager
def usable_connections() -> Iterator[None]:
    """A thread of the worker lives for days: a connection that the server dropped must not fail its next call."""
    close_old_connections()
    try:
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
