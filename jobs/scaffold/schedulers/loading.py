"""Read another package's schedules: the project is loaded in a process of its own, with its own settings."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from itertools import dropwhile
from pathlib import Path
from typing import Any

from jobs.scaffold.found import Found, Reading, Refused
from jobs.scaffold.project import SETTINGS, Project

SCHEDULERS = ("celery", "django-celery-beat", "django-cron", "django-crontab", "django-q")


class NotRead(ValueError):
    """Why a package's schedules can't be read from a project."""


def read(name: str, project: Project) -> Reading:
    """What this package, one of SCHEDULERS, runs in this project.

    The settings are those that manage.py takes. Raises NotRead.
    """
    settings = project.local_settings
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "answer.json"
        done = subprocess.run(  # noqa: S603 - our own module
            [sys.executable, "-m", "jobs.scaffold.schedulers", name, str(answer)],
            cwd=project.folder,
            env={**os.environ, SETTINGS: settings},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode != 0 or not answer.is_file():
            why = _error(done.stderr) or f"it ended with {done.returncode}"
            raise NotRead(f"The schedules of {name} can't be read with the settings {settings}: {why}")
        written = json.loads(answer.read_text(encoding="utf-8"))
    if "problem" in written:
        raise NotRead(written["problem"])
    return _reading(written, f"{name} was read with the settings {settings}.")


def _error(stderr: str) -> str:
    """What stands below a traceback's frames, in one line: an error's text may have several."""
    last = stderr.rpartition("Traceback (most recent call last):\n")[2]
    return " ".join(" ".join(dropwhile(lambda line: line.startswith(" "), last.splitlines())).split())


def _reading(written: Mapping[str, Any], note: str) -> Reading:
    found = [
        Found(**{**job, "arguments": tuple(job["arguments"]), "notes": tuple(job["notes"])}) for job in written["found"]
    ]
    return Reading(found=found, refused=[Refused(**one) for one in written["refused"]], notes=[note, *written["notes"]])
