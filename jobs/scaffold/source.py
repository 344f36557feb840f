"""Declarations as Python source: the `declare(…)` lines that a project's schedule.py holds."""

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import timedelta

from jobs.scaffold.found import Found, Reading, free_name
from jobs.secret_names import is_sensitive

WIDTH = 100
SETTING = re.compile(r"\b([A-Za-z_]\w*)=(\"[^\"]*\"|'[^']*'|\S+)")
HEADER = '''"""The project's scheduled jobs: `manage.py jobs` lists them."""
'''
# What no line of another scheduler says, and what a reader of these declarations must know.
DIFFERENCES = (
    "Where a line says nothing of it, a run is stopped after an hour (timeout=), and an occurrence is skipped while",
    "the one before is still running (overlap=). Most schedulers do neither.",
)


def source_of(reading: Reading, *, taken: Iterable[str] = (), header: str = HEADER) -> str:
    """A schedule.py with a declaration for each job found, and a comment for each entry that can't be declared."""
    names = {name.lower() for name in taken}
    blocks = list(_declarations(reading.found, names))
    imports = "from jobs import declare\n"
    if any("timedelta(" in block for block in blocks):
        imports = f"from datetime import timedelta\n\n{imports}"
    differences = DIFFERENCES if reading.found else ()
    comments = "".join(f"# {line}\n" for line in (*differences, *reading.notes))
    parts = [header, imports, comments, "\n".join(blocks)]
    if reading.refused:
        parts.append("# Not declared:\n" + "".join(_refusals(reading)))
    return "\n".join(part for part in parts if part)


def _refusals(reading: Reading) -> Iterator[str]:
    for refused in reading.refused:
        yield f"# {refused.place}: {_in_one_line(refused.text)}\n#     {refused.reason}\n"


def _declarations(found: list[Found], taken: set[str]) -> Iterator[str]:
    before = ""
    for job in found:
        name = free_name(job, taken)
        given = {"after": before} if job.follows else {"schedule": job.expression}
        yield _declaration(name, job, given)
        before = name


def _declaration(name: str, job: Found, given: Mapping[str, object]) -> str:
    comments = "".join(f"# {_in_one_line(line)}\n" for line in (f"{job.place}: {job.text}", *job.notes))
    words = [_literal(name), *map(_literal, job.arguments)]
    words += [f"command={_literal(job.command)}"] if name != job.command else []
    words += [f"{key}={_literal(value)}" for key, value in {**given, **job.options}.items()]
    line = f"declare({', '.join(words)})"
    if len(line) > WIDTH:
        line = "declare(\n" + "".join(f"    {word},\n" for word in words) + ")"
    return f"{comments}{line}\n"


def _literal(value: object) -> str:
    if isinstance(value, timedelta):
        seconds = value.total_seconds()
        for unit, size in (("days", 86400), ("hours", 3600), ("minutes", 60)):
            if seconds and seconds % size == 0:
                return f"timedelta({unit}={int(seconds // size)})"
        return f"timedelta(seconds={int(seconds) if seconds == int(seconds) else seconds})"
    if isinstance(value, str):
        # As ruff and black write it: double quotes, unless that needs more escapes.
        shown = repr(value)
        return shown if '"' in value or shown[0] == '"' else f'"{shown[1:-1]}"'
    return repr(value)


def _in_one_line(text: str) -> str:
    """A comment: without the values of variables whose names say that they are secret."""
    shown = SETTING.sub(lambda found: f"{found[1]}=…" if is_sensitive(found[1]) else found[0], " ".join(text.split()))
    return shown if len(shown) <= 200 else f"{shown[:199]}…"
