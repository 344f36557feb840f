"""What was measured of each row. results.json keeps it: the page has a long row though it wasn't measured again."""

import json
import os
import platform
import time
from dataclasses import dataclass, field
from pathlib import Path

import django
from django.db import connection

from benchmarks.harness import Figure, Result

FILE = Path(__file__).parent / "results.json"


@dataclass(frozen=True, kw_only=True)
class Kept:
    """A row's result in words: `lines` under `headings`. `measured` says when, how long and under which load."""

    figures: list[Figure]
    notes: list[str]
    measured: str
    machine: str
    compared: list[list[str]] = field(default_factory=list)
    headings: list[str] = field(default_factory=list)
    lines: list[list[str]] = field(default_factory=list)


def kept() -> dict[int, Kept]:
    """Of each row that was ever measured its latest result."""
    found = json.loads(FILE.read_text()) if FILE.exists() else {}
    return {
        int(row): Kept(**{**values, "figures": [Figure(*each) for each in values["figures"]]})
        for row, values in found.items()
    }


def keep(result: Result, seconds: float) -> Kept:
    """Put it in the place of the row's former result, unless it isn't to be kept."""
    now = Kept(
        figures=list(result.figures),
        compared=[row.cells() for row in result.compared],
        notes=list(result.notes),
        measured=f"{time.strftime('%-d %B %Y, %H:%M')} ({seconds:.0f} s, load {os.getloadavg()[1]:.1f})",
        machine=machine(),
        headings=list(result.headings),
        lines=[list(line) for line in result.lines],
    )
    if not result.kept:
        return now
    results = {**kept(), result.row: now}
    as_json = {row: vars(results[row]) for row in sorted(results)}
    FILE.write_text(json.dumps(as_json, indent=1, ensure_ascii=False) + "\n")
    return now


def machine() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgresql = cursor.fetchone()[0]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), shared, PostgreSQL {postgresql} on the "
        f"same machine, Python {platform.python_version()}, Django {django.__version__}"
    )
