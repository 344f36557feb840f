"""`declare`, which a `schedule.py` calls for each of its jobs."""

import re
import sys
from collections.abc import Iterator, Sequence
from datetime import timedelta
from typing import Literal

from jobs.declarations import rules, when
from jobs.declarations.alert import Alert
from jobs.declarations.job import Job
from jobs.declarations.keep import Keep
from jobs.declarations.registry import Problem, registry
from jobs.declarations.retry import Retry
from jobs.declarations.rules import Mistake
from jobs.declarations.values import shown

# What the Functions host takes as a function's name.
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_-]{0,126}")
RESERVED = {"tick", "execute_run", "poisoned_run", "http", "admin", "runtime", "host"}


def declare(
    name: str,
    /,
    *arguments: str,
    args: Sequence[str] = (),
    command: str | None = None,
    schedule: str | None = None,
    time_zone: str | None = None,
    timer: bool = True,
    dispatch: str = "timer",
    isolation: str = "fork",
    overlap: str = "skip",
    max_running: int | None = None,
    misfire: str = "latest",
    start_deadline: timedelta | Literal["never"] | None = None,
    timeout: timedelta = timedelta(hours=1),
    grace: timedelta = timedelta(seconds=10),
    interrupted: str = "again",
    retries: int = 0,
    retry: Retry | None = None,
    after: str | Sequence[str] = (),
    concurrency_group: str | None = None,
    concurrency_limit: int = 1,
    secrets: str | Sequence[str] = (),
    output_limit: int = 10 * 1024 * 1024,
    keep: Keep | None = None,
    description: str = "",
    labels: str | Sequence[str] = (),
    owner: str = "",
    runbook: str = "",
    heartbeat: str = "",
    confirm: str = "",
    alerts: Alert | Sequence[Alert] | Literal["none"] = (),
) -> None:
    """Declare that a management command is a job.

    `name` is the job's name and, unless `command` says otherwise, the command's. `arguments` (or `args`) are written as
    on the command line. `schedule` is an NCRONTAB expression, read in `time_zone` (IANA; default: settings.TIME_ZONE).
    `retries=3` is `retry=Retry(times=3)`. Durations are timedeltas, `output_limit` is in bytes.
    docs/reference/declare.md explains each rule; `rules.py` has them in one table.

    A mistake raises nothing here: it becomes a system check (jobs.E001 …), and the job isn't registered. A mistake in
    an app setting leaves the job its declared schedule.
    """
    given = rules.tidied(locals())
    place = _place()
    due = when.read(name, schedule, time_zone)
    mistakes = [*_of_the_name(name), *rules.mistakes(name, given), *due.mistakes, *rules.contradictions(name, given)]
    registry.problems += [Problem.of(mistake, place) for mistake in [*mistakes, *filter(None, [due.flaw])]]
    if isinstance(name, str) and schedule is not None:
        registry.schedule_settings.setdefault(when.schedule_setting(name), []).append(name)
    if mistakes:
        return
    fields = rules.of_a_job(given) | {
        "command": command or name,
        "schedule": due.schedule,
        "schedule_setting": due.setting,
        "declared_schedule": schedule or "",
    }
    registry.add(Job(name=name, place=place, **fields))


def _place() -> str:
    """File and line of the call of `declare`."""
    caller = sys._getframe(2)
    return f"{caller.f_globals.get('__name__', '?')}, line {caller.f_lineno}"


def _of_the_name(name: object) -> Iterator[Mistake]:
    if not isinstance(name, str) or not NAME.fullmatch(name):
        yield Mistake(
            1,
            f"A job can't be called {shown(name)}: Azure does not accept it as a function's name.",
            "Write a letter, then letters, digits, _ or -, 127 at most.",
        )
    elif name.lower() in RESERVED:
        yield Mistake(
            1,
            f"A job can't be called {name!r}: that name is taken by Nightshift or the host.",
            f"Give it another name, and the command beside it: declare('run_{name}', command={name!r}).",
        )
    elif twin := registry.twin(name):
        yield Mistake(
            2,
            f"Job {name!r} is declared twice: here and in {registry[twin].place}.",
            f"Give one of them another name, and the command beside it: declare('{name}_2', command={name!r}).",
        )
