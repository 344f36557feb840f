"""What the fork server loads: Django, and the declared jobs' commands whose import leaves every other job alone.

A command's module is first imported in a process that is thrown away. Where its import changes what all share (a
working directory, an environment variable, a thread, a connection), ends the process or takes long, the server doesn't
import it: the runs of that command do, each in its own child, as under cron.
"""

import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass, field

from jobs.execution.isolation import state, system

# An import that takes longer than this, in seconds, is left to the runs that need it.
LONGEST_IMPORT = 10.0
# So much time, in seconds, goes into imports at most, so that no run waits for them too long.
LONGEST_LOADING = 20.0
# Descriptors of the server's own.
OURS: set[int] = set()


@dataclass(slots=True)
class Loaded:
    """What came of loading: `threads` that make the process unfit to be forked, and `notes` for the log."""

    threads: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def load() -> Loaded:
    """Load Django and the commands of the declared jobs. Raises what Django raises."""
    import django

    # What settings, apps and commands may look at as they are imported: it begins as a command's own line does.
    sys.argv = ["manage.py", "run"]
    django.setup()
    from django.db import connections

    for connection in connections.all():  # imports the drivers; connects to nothing
        if import_for_connecting := getattr(connection, "import_for_connecting", None):
            import_for_connecting()
    loaded = Loaded()
    state.close_connections()
    loaded.threads = state.threads()
    if loaded.threads:
        return loaded
    loaded.notes += _part_with_connections()
    _import_commands(loaded)
    state.close_connections()
    _forget_rows()
    return loaded


def _part_with_connections() -> list[str]:
    """Cut the connections that the apps' loading left open: runs would hear each other's answers. Gives notes."""
    notes = []
    for descriptor, target in state.descriptors().items():
        if descriptor in OURS:
            continue
        if peer := _peer(descriptor):
            _cut(descriptor)
            notes.append(f"The apps' loading left a connection to {peer} open. It was cut, since runs can't share it.")
        else:
            notes.append(f"The apps' loading left {target} open: all runs share it.")
    return notes


def _peer(descriptor: int) -> str:
    """Whom a connected socket leads to; empty for anything else."""
    try:
        with socket.socket(fileno=os.dup(descriptor)) as found:
            name = found.getpeername()
    except OSError:
        return ""
    return ":".join(map(str, name[:2])) if isinstance(name, tuple) else str(name)


def _cut(descriptor: int) -> None:
    """Put a socket in its place whose other end is closed: its owner notices, and connects again where it can."""
    ours, other = socket.socketpair()
    with ours:
        other.close()
        os.dup2(ours.fileno(), descriptor, inheritable=False)


def _import_commands(loaded: Loaded) -> None:
    """Import the modules of the declared commands that leave every other job alone."""
    from django.core.management import get_commands

    from jobs.declarations.registry import registry

    apps = get_commands()
    waiting = list(dict.fromkeys(job.command for job in registry.values() if job.command in apps))
    end = time.monotonic() + LONGEST_LOADING
    while waiting:
        clean, why_not = _try_out(waiting, end)
        for name in clean:
            _import(name)
        waiting = waiting[len(clean) :]
        if waiting and why_not:
            loaded.notes.append(f"The command {waiting.pop(0)!r} is imported by each of its runs: {why_not}.")
        elif waiting:
            loaded.notes.append(
                f"{len(waiting)} commands are imported by each of their runs: loading all takes longer than "
                f"{LONGEST_LOADING:.0f} s."
            )
            break
    # What they did when they were tried out they needn't do again; most often they do.
    loaded.threads = state.threads()


def _import(name: str) -> None:
    from django.core.management import get_commands, load_command_class

    app = get_commands()[name]
    if isinstance(app, str):
        sys.argv = ["manage.py", name]
        load_command_class(app, name)


def _try_out(names: list[str], end: float) -> tuple[list[str], str]:
    """Import these in a process that is thrown away. Gives those before the first that hurts, and how that one does."""
    reader, writer = os.pipe()
    ours = os.getpid()
    if (process := os.fork()) == 0:
        try:
            system.die_with_parent(ours)
            os.close(reader)
            _try_each(names, writer)
        finally:
            os._exit(0)
    os.close(writer)
    clean: list[str] = []
    why_not = ""
    with open(reader, "rb", buffering=0) as found:
        for name in names:
            longest = min(LONGEST_IMPORT, end - time.monotonic())
            if not select.select([found], [], [], max(0.0, longest))[0]:
                why_not = f"its import takes longer than {LONGEST_IMPORT:.0f} s" if longest == LONGEST_IMPORT else ""
                break
            line = found.readline()
            if why_not := json.loads(line) if line else "its import ends the process":
                break
            clean.append(name)
    system.send(signal.SIGKILL, [process, *system.descendants(process)])
    os.waitpid(process, 0)
    return clean, why_not


def _try_each(names: list[str], writer: int) -> None:
    """In the process that is thrown away: write a line of JSON for each, the reason not to share it or nothing."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    for stream in (0, 1, 2):
        os.dup2(nowhere, stream)
    before = state.look()
    for name in names:
        try:
            _import(name)
        except BaseException as failure:  # noqa: BLE001 — a project's own code
            why_not = f"its import fails with {type(failure).__name__}"
        else:
            state.close_connections()
            changed = state.differences(before, state.look())
            why_not = f"its import changes {' and '.join(changed)}" if changed else ""
            if threads := state.threads():
                why_not = f"its import starts threads ({', '.join(threads)})"
        os.write(writer, json.dumps(why_not).encode() + b"\n")
        if why_not:
            return


def _forget_rows() -> None:
    """Rows that Django keeps in memory were read before the runs began."""
    from django.apps import apps

    if apps.is_installed("django.contrib.contenttypes"):
        from django.contrib.contenttypes.models import ContentType

        ContentType.objects.clear_cache()
    if apps.is_installed("django.contrib.sites"):
        from django.contrib.sites.models import Site

        Site.objects.clear_cache()
