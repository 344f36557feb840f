"""django-crontab: the setting CRONJOBS, whose entries that package writes into a crontab."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from django.conf import settings

from jobs.scaffold.crontabs.reader import entries
from jobs.scaffold.found import Reading, Untranslatable
from jobs.scaffold.schedulers.entries import entry, shown
from jobs.scaffold.schedulers.tasks import Called, called_by, imported


def read() -> Reading:
    """What CRONJOBS declares, with the settings of that package that change its lines."""
    jobs = getattr(settings, "CRONJOBS", None)
    if jobs is None:
        raise Untranslatable("The settings have no CRONJOBS. Name those that have it: --settings shop.settings")
    reading = Reading()
    reading.notes.append(f"cron takes the machine's time zone. Here the times are in {settings.TIME_ZONE} (TIME_ZONE).")
    for number, (when, path, *more) in enumerate(jobs):
        args, kwargs, suffix = _parts(more)
        place, text = f"CRONJOBS[{number}]", f"{when} {shown(path, args, kwargs)} {suffix}".rstrip()
        with entry(reading, place, text):
            called = called_by(imported(path), path, args, kwargs)
            for job, _ in entries(_line(when, called, suffix), place, "", settings.SETTINGS_MODULE, with_user=False):
                locked = {"overlap": "skip"} if getattr(settings, "CRONTAB_LOCK_JOBS", False) else {}
                notes = (*called.notes, *job.notes)
                reading.found.append(replace(job, text=text, options={**locked, **job.options}, notes=notes))
    return reading


def _parts(more: Sequence[Any]) -> tuple[Sequence[Any], Mapping[str, Any], str]:
    """The arguments, and what stands behind the command: the third place has either the one or the other."""
    if more and isinstance(more[0], str):
        return (), {}, more[0]
    args, kwargs, suffix = [*more, *((), {}, "")[len(more) :]][:3]
    return args, kwargs, suffix


def _line(when: str, called: Called, suffix: str) -> str:
    """The line of a crontab that runs the command itself, in the way of that package's own line."""
    module = getattr(settings, "CRONTAB_DJANGO_SETTINGS_MODULE", "")
    words = [
        when,
        getattr(settings, "CRONTAB_COMMAND_PREFIX", ""),
        "python manage.py",
        # A bare % would begin the command's stdin.
        shlex.join([called.command, *called.arguments]).replace("%", "\\%"),
        f"--settings={module}" if module else "",
        suffix,
        getattr(settings, "CRONTAB_COMMAND_SUFFIX", ""),
    ]
    return " ".join(filter(None, words))
