"""What loading the project does to the runs that are forked from it (docs/what-differs-from-cron.md)."""

import ast
import importlib.util
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.core.checks import CheckMessage, Error, Info, Warning
from django.core.management import get_commands

from jobs.choices import Isolation
from jobs.declarations.registry import registry
from jobs.execution.isolation.process import ForkServerFailed, try_to_load

# Names under which libraries give the moment or the day.
CLOCKS = {"now", "today", "utcnow", "localdate", "localtime"}
FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda


def loading(**_: Any) -> list[CheckMessage]:
    """The project can be loaded once for all runs (E023, W014, I001)."""
    try:
        loaded = try_to_load()
    except ForkServerFailed as failure:
        hint = "Every run would fail. Don't use a thread, a database or a terminal during import."
        return [Error(str(failure).strip(), hint=hint, id="jobs.E023")]
    found: list[CheckMessage] = [
        Info(note, hint="Its runs work as under cron. See docs/what-differs-from-cron.md.", id="jobs.I001")
        for note in loaded.notes
    ]
    if loaded.threads:
        found.append(
            Warning(
                f"Loading the project starts threads: {', '.join(loaded.threads)}. Each run loads the project itself.",
                hint="That takes a second. Start threads where you need them, not in settings, models or ready().",
                id="jobs.W014",
            )
        )
    return found


def clocks(**_: Any) -> list[CheckMessage]:
    """No declared command's module reads the clock as it is imported (W015)."""
    apps = get_commands()
    shared = {job.command for job in registry.values() if job.isolation is not Isolation.FRESH}
    modules = {name: f"{app}.management.commands.{name}" for name, app in apps.items() if name in shared}
    return [
        Warning(
            f"{modules[name]}, line {line}: {code} is computed when the module is imported, which may be an hour "
            "before the run.",
            hint="Compute it in handle(), or declare the job with isolation='fresh'.",
            id="jobs.W015",
        )
        for name in sorted(modules)
        for line, code in _clocks_of(modules[name])
    ]


def _clocks_of(module: str) -> Iterator[tuple[int, str]]:
    try:
        spec = importlib.util.find_spec(module)
        source = Path(spec.origin).read_text() if spec and spec.origin else ""
        tree = ast.parse(source)
    except (ImportError, OSError, SyntaxError, ValueError):  # other checks say so
        return
    for node in _at_import(tree):
        if isinstance(node, ast.Call):
            called = node.func
            name = called.attr if isinstance(called, ast.Attribute) else getattr(called, "id", "")
            if name in CLOCKS:
                yield node.lineno, ast.unparse(node)


def _at_import(node: ast.AST) -> Iterator[ast.AST]:
    """What is executed when the module is imported: all but the bodies of functions."""
    yield node
    if isinstance(node, FUNCTIONS):
        outside = [*node.args.defaults, *filter(None, node.args.kw_defaults), *getattr(node, "decorator_list", [])]
        children: Iterator[ast.AST] = iter(outside)
    else:
        children = ast.iter_child_nodes(node)
    for child in children:
        yield from _at_import(child)
