"""django-celery-beat: the rows of its model PeriodicTask."""

import json
from collections.abc import Iterator
from typing import Any

from django.utils import timezone

from jobs.scaffold.found import Reading, Untranslatable
from jobs.scaffold.schedulers.celery_tasks import called, project_app
from jobs.scaffold.schedulers.celery_times import when
from jobs.scaffold.schedulers.entries import entry, rows, shown

# Where a task goes to; a run has no queue to choose.
ROUTES = ("queue", "exchange", "routing_key", "priority")


def read() -> Reading:
    """Each row, by the database of the project's settings."""
    tasks = rows("django_celery_beat", "PeriodicTask").select_related("crontab", "interval", "solar", "clocked")
    app = project_app()
    reading = Reading()
    for row in tasks.order_by("name"):
        with entry(reading, f"periodic task {row.name!r}", row.task) as here:
            args, kwargs = _arguments(row)
            here.text = f"{shown(row.task, args, kwargs)} {row.crontab or row.interval or row.solar or row.clocked}"
            _must_recur(row)
            due = when(_schedule(row), app.timezone)
            job = called(app, row.task, args, kwargs)
            here.declare(job, [due.expression], options=due.options, notes=(*due.notes, *_notes(row)))
    return reading


def _arguments(row: Any) -> tuple[list[Any], dict[str, Any]]:
    try:
        args, kwargs = json.loads(row.args or "[]"), json.loads(row.kwargs or "{}")
    except ValueError:
        raise Untranslatable("Its arguments can't be read as JSON. Correct the row.") from None
    if not isinstance(args, list) or not isinstance(kwargs, dict):
        raise Untranslatable("Its arguments are not a list and a dictionary. Correct the row.")
    return args, kwargs


def _must_recur(row: Any) -> None:
    if row.task == "celery.backend_cleanup":
        raise Untranslatable("Celery made it for its own results. Without Celery there are none.")
    if not row.enabled:
        raise Untranslatable("It is disabled. Declare it when it should run.")
    if row.solar:
        # Its schedule can't be made without a library that only these need.
        raise Untranslatable("It follows the sun, and a declaration has fixed times. Choose a time of day.")
    if row.one_off:
        raise Untranslatable("It runs once (one_off). Ask for a run: `manage.py run`, with --at for a later time.")
    if row.expires and row.expires <= timezone.now():
        raise Untranslatable(f"It ended at {row.expires}. Declare it if it should run again.")


def _schedule(row: Any) -> Any:
    try:
        return row.schedule
    except Exception as error:  # noqa: BLE001 — Celery's parser of a crontab, which has errors of its own
        raise Untranslatable(
            f"Celery can't read its schedule: {type(error).__name__}: {error}. Correct the row."
        ) from None


def _notes(row: Any) -> Iterator[str]:
    if row.start_time and row.start_time > timezone.now():
        yield f"It begins at {row.start_time}; a declaration begins when it is deployed."
    if row.expires:
        yield f"It ends at {row.expires}; a declaration ends when it is removed."
    if row.expire_seconds:
        yield f"expire_seconds={row.expire_seconds} is left out: start_deadline= says it here."
    for name in ROUTES:
        if getattr(row, name, None) is not None:
            yield f"{name}={getattr(row, name)} is left out."
