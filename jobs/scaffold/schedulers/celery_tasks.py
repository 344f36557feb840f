"""Celery's app of this project, and which command each of its tasks runs."""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.utils.module_loading import import_string

from jobs.scaffold.found import Untranslatable
from jobs.scaffold.schedulers.tasks import Called, called_by

# What a task may say of its own runs, and the parameter that says it here.
RULES = {
    "time_limit": "timeout",
    "soft_time_limit": "timeout",
    "autoretry_for": "retry",
    "rate_limit": "concurrency_group",
}
# What a task's own class may do around each of its runs.
HOOKS = ("before_start", "on_success", "on_failure", "on_retry", "after_return")


def project_app() -> Any:
    """The app that the project makes, with its tasks loaded. Raises Untranslatable where it makes none."""
    try:
        from celery import current_app
    except ImportError:
        raise Untranslatable(
            "Celery isn't installed here. Run this in the environment that has the project's packages."
        ) from None
    if current_app.main in {None, "default", "__main__"}:
        # A project need not import its app when it is loaded, though workers do.
        package = settings.SETTINGS_MODULE.partition(".")[0]
        try:
            app = import_string(f"{package}.celery.app")
        except ImportError:
            raise Untranslatable(
                f"The project makes no Celery app when it is loaded, and {package}.celery has no app. "
                f"Import it in {package}/__init__.py."
            ) from None
    else:
        app = current_app._get_current_object()
    app.finalize(auto=True)
    app.loader.import_default_modules()
    return app


def called(app: Any, name: str, args: Sequence[Any], kwargs: Mapping[str, Any]) -> Called:
    """The command that the task of this name runs. Raises Untranslatable."""
    task = app.tasks.get(name)
    if task is None:
        raise Untranslatable(f"The project has no task {name!r}. Remove the entry, or import the task's module.")
    if _of_its_own(task, "__call__"):
        raise Untranslatable(
            "The task's class has a __call__ of its own. "
            f"Write a management command that calls {name}, and declare that."
        )
    # Of a task with autoretry_for, run is Celery's own.
    job = called_by(getattr(task, "_orig_run", task.run), name, args, kwargs)
    notes = tuple(
        f"{rule}={value!r} of the task is left out: {here}= says it here."
        for rule, here in RULES.items()
        if (value := getattr(task, rule, None))
    )
    hooks = tuple(f"{hook} of the task's class isn't called here." for hook in HOOKS if _of_its_own(task, hook))
    return Called(command=job.command, arguments=job.arguments, notes=(*job.notes, *notes, *hooks))


def _of_its_own(task: Any, method: str) -> bool:
    """Whether the task's class, and not Celery, defines this method."""
    owner = next((one for one in type(task).__mro__ if method in vars(one)), None)
    return owner is not None and not owner.__module__.startswith("celery.")
