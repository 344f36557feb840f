"""Celery beat: the setting beat_schedule of the project's app, and what add_periodic_task added to it."""

from jobs.scaffold.found import Reading, Untranslatable
from jobs.scaffold.schedulers.celery_tasks import called, project_app
from jobs.scaffold.schedulers.celery_times import when
from jobs.scaffold.schedulers.entries import entry, shown


def read() -> Reading:
    """Each entry of beat_schedule."""
    app = project_app()
    if not app.conf.beat_schedule:
        raise Untranslatable("The Celery app has no beat_schedule. For rows of the database: --from django-celery-beat")
    reading = Reading()
    for name, item in app.conf.beat_schedule.items():
        args, kwargs = item.get("args") or (), item.get("kwargs") or {}
        text = f"{shown(item['task'], args, kwargs)} {item['schedule']}"
        with entry(reading, f"beat_schedule[{name!r}]", text) as here:
            due = when(item["schedule"], app.timezone)
            job = called(app, item["task"], args, kwargs)
            options = item.get("options") or {}
            left = (f"Its options are left out: {', '.join(sorted(options))}.",) if options else ()
            here.declare(job, [due.expression], options=due.options, notes=(*due.notes, *left))
    return reading
