"""The FunctionApp: timers of the scheduled jobs, the tick, the queues' functions, and Django for all of HTTP.

The host waits for what is imported here. What a call needs besides is in `calls`, which each function imports itself.
"""

import logging
import threading

import azure.functions as func

from jobs import checks
from jobs.azure import http, shutdown, telemetry
from jobs.azure.storage import CONNECTION, POISON_QUEUE, QUEUE
from jobs.conf import conf
from jobs.declarations.job import Job
from jobs.declarations.registry import registry

log = logging.getLogger(__name__)

TICK = "0 * * * * *"


def build() -> func.FunctionApp:
    """The functions of all declared jobs. `manage.py check` has already rejected what Azure would reject silently."""
    telemetry.set_up()
    if not conf.LOCAL:  # the local host has its own way to stop
        shutdown.listen()
        _log_what_is_wrong()
    app = func.FunctionApp(http_auth_level=func.AuthLevel.ANONYMOUS)
    for job in registry.scheduled():
        if job.has_timer:
            _add_timer(app, job)
    _add_tick(app)
    _add_queue(app)
    _add_poison_queue(app)
    http.add(app)
    if not conf.LOCAL:
        # The first call then finds it imported, most often.
        threading.Thread(target=_begin, name="jobs-begin", daemon=True).start()
    return app


def _log_what_is_wrong() -> None:
    """Errors that only show with the app settings of Azure; `manage.py check` ran in the build, without them."""
    for message in checks.at_start():
        log.log(message.level, "%s: %s %s", message.id, message.msg, message.hint)


def _begin() -> None:
    from jobs.azure import calls

    calls.begin()


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
        from jobs.azure import calls

        calls.of_timer(job, timer, context)


def _add_tick(app: func.FunctionApp) -> None:
    @app.function_name("tick")
    @app.timer_trigger(arg_name="timer", schedule=TICK, run_on_startup=False, use_monitor=True)
    def tick_function(timer: func.TimerRequest, context: func.Context) -> None:
        from jobs.azure import calls

        calls.of_tick(context)


def _add_queue(app: func.FunctionApp) -> None:
    @app.function_name("execute_run")
    @app.queue_trigger(arg_name="message", queue_name=QUEUE, connection=CONNECTION)
    def execute_run(message: func.QueueMessage, context: func.Context) -> None:
        from jobs.azure import calls

        calls.of_queue(message, context)


def _add_poison_queue(app: func.FunctionApp) -> None:
    @app.function_name("poisoned_run")
    @app.queue_trigger(arg_name="message", queue_name=POISON_QUEUE, connection=CONNECTION)
    def poisoned_run(message: func.QueueMessage, context: func.Context) -> None:
        from jobs.azure import calls

        calls.of_poison_queue(message, context)
