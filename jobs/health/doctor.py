"""A deployment looked at from inside: what `manage.py doctor` says, a line for each check.

In Azure it is the job `doctor`: its run has the worker's environment and path.
"""

import importlib.util
import os
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings
from django.core.checks import run_checks
from django.db import connection

from jobs import checks, clocks, masking
from jobs.checks import host
from jobs.conf import conf, project_folder
from jobs.declarations import disabled
from jobs.declarations.host_json import HostJson, UnreadableHostJson
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.execution.isolation.client import server
from jobs.execution.isolation.process import ForkServerFailed
from jobs.formats import counted, format_duration
from jobs.health.readiness import silent_tick
from jobs.ledger import connections, doorbell, migration_gate, overrides, rewinding, sight, sql
from jobs.progress import current_run

PACKAGES = Path(".python_packages", "lib", "site-packages")
NO_IMAGE = f"there is no {PACKAGES}: this is no image"
# The flags in a file of byte code that counts whatever its source's date: by hash, and never compared with the source.
# One that an import has written, since there was none, has others.
UNCHECKED_HASH = (1).to_bytes(4, "little")


class Wrong(Exception):
    """What is wrong, and how to mend it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Finding:
    """One check's answer: what was found where all is well, or what is wrong and how to mend it."""

    check: str
    ok: bool
    says: str


def findings() -> Iterator[Finding]:
    """All checks, one after the other. Those that want the database say so where it is away."""
    return map(finding, CHECKS)


def finding(name: str) -> Finding:
    """One check."""
    try:
        return Finding(check=name, ok=True, says=CHECKS[name]())
    except Wrong as wrong:
        says = str(wrong)
    except sql.AWAY as error:
        says = _first_line(error) if name == "database" else "Not checked: no database."
    except Exception as error:  # noqa: BLE001 — what a check trips over is its finding, and the others are asked too
        says = f"{type(error).__name__}: {error}"
    return Finding(check=name, ok=False, says=masking.mask(" ".join(says.split())))


def _settings() -> str:
    """Django's own checks, with those for a deployment."""
    with checks.with_commands():
        found = run_checks(include_deployment_checks=not conf.LOCAL)
    if serious := checks.stopping(found):
        first = " ".join(str(serious[0]).split())
        more = f" And {counted(len(serious) - 1, 'more finding')}: `manage.py check --build`." if serious[1:] else ""
        raise Wrong(f"{first}{more}")
    return "LOCAL=1, as on a laptop: the checks for a deployment are left out" if conf.LOCAL else "no finding"


def _identity() -> str:
    """A token for whatever is reached without a password."""
    from jobs.azure import identity, storage  # azure-identity takes a third of a second to import

    wanted = {}
    if settings.DATABASES["default"]["ENGINE"] == "mydjango.database.entra":
        wanted["PostgreSQL"] = (identity.POSTGRESQL, os.environ.get("AZURE_CLIENT_ID", ""))
    try:
        where = storage.settings()
    except storage.NoStorage:
        where = storage.Storage()
    if where.queue_url:
        wanted["the queue"] = (identity.STORAGE, where.client_id)
    for scope, client_id in wanted.values():
        if why := identity.problem(scope, client_id):
            raise Wrong(why)
    return (
        f"a token for {' and '.join(wanted)}"
        if wanted
        else "none is used: neither the database nor the queue wants one"
    )


def _database() -> str:
    began = time.perf_counter()
    version = sql.value("SHOW server_version")
    return (
        f"PostgreSQL {version.split()[0]} as {connection.settings_dict['USER'] or 'the default user'}, answered in "
        + (f"{(time.perf_counter() - began) * 1000:.0f} ms")
    )


def _clocks() -> str:
    """This host's and the database's."""
    if why := clocks.difference(sight.clock()):
        raise Wrong(why)
    jump = "" if migration_gate.pending() else sight.latest_jump()
    return "this host's and the database's agree" + (f"; the database's was {jump}" if jump else "")


def _ledgers() -> str:
    """No watermark lies ahead of the database's clock."""
    found = list(rewinding.ahead().values())
    if found:
        more = f" And {counted(len(found) - 1, 'more job')}." if found[1:] else ""
        raise Wrong(f"{found[0]}{more}")
    return "none reaches beyond now"


def _migrations() -> str:
    if why := migration_gate.refusal():
        raise Wrong(why)
    return "all are applied"


def _connections() -> str:
    if why := connections.shortage():
        raise Wrong(why)
    return f"at its peak the app wants {connections.peak()}, and the server gives it {connections.room()}"


def _threads() -> str:
    """The worker's threads serve HTTP and supervise runs: a run holds one to its end."""
    threads, running = connections.peak().threads, conf.JOBS_MAX_RUNNING
    if conf.LOCAL and not os.environ.get("PYTHON_THREADPOOL_THREAD_COUNT"):
        return "LOCAL=1: the local host sees to them"
    if threads < 2 * running + 2:
        raise Wrong(
            f"The worker has {threads} threads for HTTP, timers and {running} runs at once. "
            f"Set PYTHON_THREADPOOL_THREAD_COUNT to {4 * running} or more."
        )
    return f"{threads}, for {running} runs at once"


def _tick() -> str:
    if why := silent_tick():
        raise Wrong(why)
    silence = tick.silence()
    assert silence is not None
    return f"the last one ended {format_duration(silence)} ago"


def _fork_server() -> str:
    if current_run():
        return "it loads the project: this run comes from it"
    try:
        server.start()
    except ForkServerFailed as failure:
        raise Wrong(str(failure).strip().splitlines()[-1]) from None
    server.stop()
    return "it loads the project"


def _queue() -> str:
    if why := doorbell.backend().rehearse():
        raise Wrong(why)
    return conf.JOBS_DOORBELL


def _batch() -> str:
    """The host and the settings agree on how many runs an instance executes at once."""
    try:
        messages = HostJson.of(project_folder()).batch_size
    except UnreadableHostJson as error:
        raise Wrong(f"{error} Write it as JSON.") from None
    if messages != conf.JOBS_MAX_RUNNING:
        raise Wrong(
            f"The host takes {messages} messages at once (queues.batchSize of host.json, or the setting that overrules "
            f"it), and JOBS_MAX_RUNNING is {conf.JOBS_MAX_RUNNING}. Make them the same, and "
            "queues.newBatchThreshold one less."
        )
    return f"{messages} messages at once, as many as runs"


def _schedules() -> str:
    scheduled = registry.scheduled()
    if registry.problems:
        raise Wrong(f"{registry.problems[0].message} `manage.py check` lists all of it.")
    if not scheduled:
        raise Wrong("No job has a schedule. Is the app with your schedule.py in INSTALLED_APPS?")
    off = [job.name for job in scheduled if disabled.setting_that_disables(job.name)]
    return (
        counted(len(scheduled), "job") + " with a schedule" + (f"; disabled in Azure: {', '.join(off)}" if off else "")
    )


def _overrides() -> str:
    """Each can be read here: another machine may know other time zones."""
    held = overrides.in_force(list(registry))
    flaws = {job.name: why for job in registry.values() if (why := overrides.unreadable(job, held.get(job.name)))}
    if flaws:
        name, why = next(iter(flaws.items()))
        more = f" And {counted(len(flaws) - 1, 'more override')}: `manage.py drift`." if flaws.keys() - {name} else ""
        raise Wrong(f"The override of {name} can't be read: {why} It doesn't hold. {overrides.END}{more}")
    return f"{counted(len(held), 'override')} in force" if held else "none is in force"


def _time_zone() -> str:
    """The host's zone, which its timers are read in."""
    if found := host.time_zone():
        raise Wrong(f"{found[0].msg} {found[0].hint}")
    return f"the host's is UTC, the jobs' default {settings.TIME_ZONE}"


def _packages() -> str:
    """Ours come before the worker's own."""
    ours = _ours()
    if ours is None:
        return NO_IMAGE
    import azure.functions
    import django

    for module in (django, azure.functions):
        if not Path(str(module.__file__)).is_relative_to(ours):
            raise Wrong(
                f"{module.__name__} comes from {Path(str(module.__file__)).parent}, not from {ours}: the worker's own "
                f"packages come first. Set PYTHONPATH to {ours}, as the Dockerfile does."
            )
    return f"from {ours}"


def _byte_code() -> str:
    """Of the app's modules and packages; Python's own are the base image's."""
    if _ours() is None:
        return NO_IMAGE
    files = [Path(file) for module in list(sys.modules.values()) if (file := getattr(module, "__file__", None))]
    sources = [file for file in files if file.suffix == ".py" and file.is_relative_to(project_folder())]
    without = [file for file in sources if not _is_compiled(file)]
    if without:
        raise Wrong(
            f"The build made none for {len(without)} of {counted(len(sources), 'module')}, such as {without[0]}: a "
            "start takes three times as long. Run `python -m compileall --invalidation-mode unchecked-hash`, as the "
            "Dockerfile does."
        )
    return f"{counted(len(sources), 'module')}, and the build made it for all of them"


def _is_compiled(source: Path) -> bool:
    """Whether the build has compiled it, and not an import."""
    try:
        with open(importlib.util.cache_from_source(source), "rb") as byte_code:
            return byte_code.read(8)[4:] == UNCHECKED_HASH
    except OSError:
        return False


def _ours() -> Path | None:
    """Where the image has our packages; None where this is no image."""
    ours = project_folder() / PACKAGES
    return ours if ours.is_dir() else None


def _first_line(error: Exception) -> str:
    first, *_ = str(error).strip().splitlines() or [type(error).__name__]
    return f"It can't be reached: {first.rstrip('.')}. Check DATABASE_URL, the firewall and the role."


CHECKS: dict[str, Callable[[], str]] = {
    "settings": _settings,
    "schedules": _schedules,
    "time zone": _time_zone,
    "packages": _packages,
    "byte code": _byte_code,
    "identity": _identity,
    "database": _database,
    "migrations": _migrations,
    "clocks": _clocks,
    "ledgers": _ledgers,
    "overrides": _overrides,
    "connections": _connections,
    "threads": _threads,
    "fork server": _fork_server,
    "queue": _queue,
    "batch": _batch,
    "tick": _tick,
}
