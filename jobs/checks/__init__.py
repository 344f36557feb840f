"""What is wrong with the declarations, for `manage.py check`: jobs.E001 …"""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

from django.apps import apps
from django.core.checks import ERROR, WARNING, CheckMessage, Error, Tags, Warning, register

from jobs.checks import alerts, database, host, loading, schedules, secrets, sign_in
from jobs.declarations.graph import Graph
from jobs.declarations.job import Job
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand, check_arguments, describe
from jobs.declarations.registry import registry
from jobs.declarations.when import unknown_settings
from jobs.ledger import connections
from jobs.ledger.pipelines import DifferentSchedules

# Whether commands are loaded and their parsers asked.
_with_commands = ContextVar("with_commands", default=False)


def register_all() -> None:
    for check in (
        *(declarations, commands_if_asked, pipelines, groups, schedule_settings),
        *(schedules.surprises, schedules.rhythms, schedules.crowds, schedules.timers),
        *(host.host_json, host.routes, host.logging),
        *(alerts.rules, database.postgresql, sign_in.openid),
    ):
        register(check, "jobs")
    # A laptop may live in any zone: it is a deployment's process that has to be in UTC.
    register(host.time_zone, "jobs", deploy=True)
    register(connections.check, "jobs", Tags.database)
    register(database.schema, "jobs", Tags.database)


@contextmanager
def with_commands() -> Iterator[None]:
    """In this block Django's checks look into every job's command too.

    Elsewhere they don't: it loads the code of every app, and a command that can't be loaded must not stop `migrate`.
    """
    if apps.is_installed("django.contrib.admin"):
        from django.contrib import admin

        admin.autodiscover()  # with SimpleAdminConfig nobody has done it yet, and Django would check no admin class
    token = _with_commands.set(True)
    try:
        yield
    finally:
        _with_commands.reset(token)


def commands_if_asked(**_: Any) -> list[CheckMessage]:
    return [*commands(), *loading.clocks(), *loading.loading()] if _with_commands.get() else []


def stopping(found: Sequence[CheckMessage]) -> list[CheckMessage]:
    """What a deployment must not have: errors, and the warnings of Django's deployment checks and of ours.

    Warnings of other apps are about their own views and models, and a team can't always act on them.
    """
    return [
        message
        for message in found
        if not message.is_silenced()
        and (
            message.level >= ERROR or (message.level >= WARNING and str(message.id).startswith(("jobs.", "security.")))
        )
    ]


def at_start() -> list[CheckMessage]:
    """What an app setting alone may cause, and so shows only where the app's settings are those of Azure.

    The others look into every command, and ran as the image was built.
    """
    by_settings = (declarations, pipelines, groups, schedules.surprises, schedule_settings, host.time_zone)
    return [message for check in by_settings for message in check() if not message.is_silenced()]


def declarations(**_: Any) -> list[CheckMessage]:
    """What `declare` itself found (E001, E002, E005 to E008, E011, E014, E015, E021, E027)."""
    return [
        Error(problem.message, hint=f"{problem.hint} ({problem.place})", id=problem.id) for problem in registry.problems
    ]


def commands(**_: Any) -> list[CheckMessage]:
    """Each job's command exists, can be loaded, and takes its arguments and secrets (E003, E004, E022, E026, I002)."""
    found: list[CheckMessage] = []
    described = cache(describe)  # many jobs have one command
    for job in registry.values():
        try:
            check_arguments(job.command, job.arguments)
        except UnknownCommand:
            found.append(
                _error(
                    3,
                    job,
                    f"Job {job.name!r} needs the command {job.command!r}, which doesn't exist.",
                    "`manage.py help` lists the commands. Is its app in INSTALLED_APPS?",
                )
            )
        except BrokenCommand as broken:
            found.append(
                _error(
                    22,
                    job,
                    f"The command {job.command!r} of job {job.name!r} can't be loaded: {broken.error}",
                    f"It failed in {broken.place}. Import optional modules and query the database in handle().",
                )
            )
        except InvalidArguments as error:
            found.append(
                _error(
                    4,
                    job,
                    f"The arguments of job {job.name!r} are rejected by {job.command}: {error}",
                    f"`manage.py help {job.command}` lists what it accepts.",
                )
            )
        else:
            found += secrets.of(job, described(job.command, job.secrets))
    return found


def pipelines(**_: Any) -> list[CheckMessage]:
    """Steps name declared jobs, in no circle, and predecessors that share their occurrences."""
    found: list[CheckMessage] = []
    graph = Graph(registry.values())
    for job in registry.values():
        for name in job.after:
            if name not in registry:
                found.append(
                    _error(
                        9,
                        job,
                        f"Job {job.name!r} comes after {name!r}, which isn't declared.",
                        "`manage.py jobs` lists the declared jobs.",
                    )
                )
        if circle := graph.circle(job):
            found.append(
                _error(
                    10,
                    job,
                    f"Job {job.name!r} comes after itself: {' → '.join(circle)}.",
                    "Remove one `after` from the circle.",
                )
            )
        elif len({registry[root].fingerprint for root in graph.roots(job)}) > 1:
            found.append(
                _error(
                    12,
                    job,
                    str(DifferentSchedules(job)),
                    "Give them the same schedule, or let one follow the other.",
                )
            )
    return found


def groups(**_: Any) -> list[CheckMessage]:
    """The jobs of a concurrency group agree on its limit."""
    found: list[CheckMessage] = []
    first: dict[str, Job] = {}
    for job in registry.values():
        if job.concurrency_group is None:
            continue
        other = first.setdefault(job.concurrency_group, job)
        if other.concurrency_limit != job.concurrency_limit:
            found.append(
                _error(
                    13,
                    job,
                    f"Job {job.name!r} limits the group {job.concurrency_group!r} to {job.concurrency_limit}, "
                    f"{other.name!r} to {other.concurrency_limit}.",
                    "Write the same concurrency_limit in both.",
                )
            )
    return found


def schedule_settings(**_: Any) -> list[CheckMessage]:
    """Each app setting that overrides a schedule names one job that has one."""
    unknown = [
        Warning(
            f"The app setting {name} overrides a schedule, but no job has that name.",
            hint="`manage.py jobs` lists the jobs. The setting ends in the job's name in capitals, with _ for -.",
            id="jobs.W011",
        )
        for name in unknown_settings(registry.schedule_settings)
    ]
    # Names that differ only in case are E002.
    shared = [
        Warning(
            f"The app setting {name} would override the schedules of both both {' and '.join(map(repr, jobs))} alike.",
            hint="The setting ends in the job's name in capitals, with _ for -. Rename one of the jobs.",
            id="jobs.W013",
        )
        for name, declared in registry.schedule_settings.items()
        if len(jobs := [job for job in declared if job in registry]) > 1
    ]
    return [*unknown, *shared]


def _error(number: int, job: Job, message: str, hint: str) -> CheckMessage:
    return Error(message, hint=f"{hint} ({job.place})", id=f"jobs.E{number:03}")
