"""host.json, settings and URLs that make the host behave differently from what we rely on: jobs.E017 …"""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning
from django.urls import URLPattern, URLResolver, get_resolver

from jobs import procfs
from jobs.conf import conf, project_folder
from jobs.declarations.host_json import HostJson, UnreadableHostJson
from jobs.declarations.registry import registry

RESERVED = {"admin", "runtime"}
FORK_SERVER = b"jobs.execution.isolation.server"
UTC_NAMES = {"", "utc", "utc0", "etc/utc", "etc/gmt", "gmt", "universal", "zulu"}


def host_json(**_: Any) -> list[CheckMessage]:
    """host.json: one timeout for all, no route prefix, and as many messages at once as runs (E017 to E019, W010)."""
    try:
        found = HostJson.of(project_folder())
    except UnreadableHostJson as error:
        hint = 'Write it as JSON: {"version": "2.0", "functionTimeout": "-1", …}.'
        return [Error(str(error), hint=hint, id="jobs.E018")]
    return [*_timeouts(found), *_route_prefix(found), *_messages(found)]


def _timeouts(found: HostJson) -> Iterator[CheckMessage]:
    bound = found.function_timeout
    for job in registry.values():
        # The function outlives its run by the grace.
        if bound is not None and job.timeout + job.grace >= bound:
            yield Error(
                f"Job {job.name!r} may take {job.timeout} and {job.grace} of grace, but functionTimeout of host.json "
                f"is {bound}: the host would kill the worker and all its runs.",
                hint=f'Write "functionTimeout": "-1" in host.json, or shorten the timeout. ({job.place})',
                id="jobs.E017",
            )


def _route_prefix(found: HostJson) -> Iterator[CheckMessage]:
    if found.route_prefix:
        yield Error(
            f"host.json has the route prefix {found.route_prefix!r}: Django's URLs would only work below it.",
            hint='Write "extensions": {"http": {"routePrefix": ""}} in host.json.',
            id="jobs.E019",
        )


def _messages(found: HostJson) -> Iterator[CheckMessage]:
    slots = conf.JOBS_MAX_RUNNING
    # With a threshold of 0 one long run of a batch would keep the instance from all other messages until it ends.
    if (found.batch_size, found.new_batch_threshold) != (slots, slots - 1):
        yield Warning(
            f"host.json has batchSize {found.batch_size} and newBatchThreshold {found.new_batch_threshold}, "
            f"and JOBS_MAX_RUNNING is {slots}.",
            hint=f'Write "batchSize": {slots} and "newBatchThreshold": {slots - 1} in extensions.queues of host.json.',
            id="jobs.W010",
        )


def routes(**_: Any) -> list[CheckMessage]:
    """URLs that the host answers itself."""
    served = conf.JOBS_URLCONF or getattr(settings, "ROOT_URLCONF", None)
    patterns = get_resolver(served).url_patterns if served else ()
    return [
        Error(
            f"The URL pattern '{route}' is never reached: the Functions host reserves /admin and /runtime.",
            hint="Use another prefix: path('manage/', …).",
            id="jobs.E020",
        )
        for route in _routes(patterns, "")
        if _first_word(route) in RESERVED
    ]


def _routes(patterns: Sequence[URLPattern | URLResolver], prefix: str) -> Iterator[str]:
    """The beginnings of all URLs, as far as is needed to know their first word."""
    for pattern in patterns:
        if not getattr(pattern, "is_served", True):  # jobs/beside/urls.py
            continue
        route = prefix + str(pattern.pattern).removeprefix("^")
        if isinstance(pattern, URLResolver) and "/" not in route:
            yield from _routes(pattern.url_patterns, route)
        else:
            yield route


def _first_word(route: str) -> str:
    """The host compares it without regard to case."""
    return route.lower().removesuffix("$").removesuffix("\\z").lstrip("/").partition("/")[0]


def logging(**_: Any) -> list[CheckMessage]:
    """LOGGING leaves the root logger's handlers alone."""
    if not removes_root_handlers(settings.LOGGING):
        return []
    return [
        Warning(
            "LOGGING configures the root logger: that removes the handler through which the worker sends logs to "
            "Azure.",
            hint="Configure loggers by name, like 'jobs' and 'django', and omit 'root' and ''.",
            id="jobs.W008",
        )
    ]


def removes_root_handlers(config: dict[str, Any]) -> bool:
    """Whether logging.config.dictConfig takes away what handlers the root logger has, also where it gives it none."""
    if config.get("incremental"):
        return False
    # getLogger("root") is the root logger too.
    return bool(config.get("root")) or not {"", "root"}.isdisjoint(config.get("loggers", {}))


def time_zone(**_: Any) -> list[CheckMessage]:
    """The host runs in UTC. Also asked when the functions are built, where the app's settings are those of Azure."""
    given = environment_at_start()
    return [
        Warning(
            f"{name} is {given[name]!r}: the host would read all schedules in that zone, but timers have theirs "
            "in UTC. Occurrences would be late, until the tick finds them.",
            hint=f"Remove the setting {name}. Set a job's zone with time_zone, or the default with TIME_ZONE.",
            id="jobs.W009",
        )
        for name in ("WEBSITE_TIME_ZONE", "TZ")
        if given.get(name, "").strip(":").lower() not in UTC_NAMES
    ]


def environment_at_start() -> dict[str, str]:
    """The variables with which the worker was started: Django has written its own TZ since, and a run inherits that."""
    try:
        found = Path("/proc", str(_worker()), "environ").read_bytes()
    except OSError:
        return {name: value for name, value in os.environ.items() if name != "TZ"}
    lines = found.decode(errors="replace").split("\0")
    return {name: value for name, equals, value in (line.partition("=") for line in lines) if equals}


def _worker() -> int:
    """This process; where it is a run's, the one whose fork server it comes from."""
    process = os.getpid()
    while FORK_SERVER in Path(f"/proc/{process}/cmdline").read_bytes().split(b"\0"):
        stat = procfs.stat(process)
        if stat is None:
            break
        process = stat.parent
    return process
