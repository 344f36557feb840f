"""The table of what is measured, and the page that shows it."""

import time
from collections.abc import Callable, Iterable, Iterator
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from benchmarks import harness, results
from benchmarks.database import database
from benchmarks.harness import HEADINGS, Result, table
from benchmarks.results import Kept

PAGE = Path(__file__).parent / "RESULTS.md"


class Line(NamedTuple):
    """A row of the table: what is measured, against what, and which module's `measure()`, or function of another name,
    gives its results.

    One that is `long` is measured only if it is named.
    """

    what: str
    against: str
    module: str
    long: bool = False


ROWS = {
    1: Line("the ledger's part of a scheduled run", "a bare `call_command` of a no-op", "ledger"),
    2: Line("an isolated, recorded run, four at a time, PostgreSQL's CPU included", "RQ's forking worker", "beside"),
    3: Line("an isolated, recorded run", "`python manage.py noop`", "isolation"),
    4: Line("isolated runs a second, four at a time", "workers that start a process a task", "beside"),
    5: Line("an idle tick with 10,000 jobs", "one indexed query", "ticks"),
    6: Line("a tick with 200 due of 10,000", "a bulk prototype", "ticks"),
    7: Line("output, lines a second", "COPY of the same lines with their keys", "output"),
    8: Line("masking, 20 MB, secrets of 20, 8,000 and 32,000 letters", "the same without secrets", "masking"),
    9: Line("the next occurrence; parsing", "cronsim", "cron"),
    10: Line("each list and page at 5 million runs", "the same at 100,000", "lists", long=True),
    11: Line("a start through the API", "a bare INSERT with its commit", "api"),
    12: Line("a cold start of function_app.py", "azure.functions and `django.setup()` alone", "start:cold_start"),
    13: Line(
        "indexing 1,000 timers; `manage.py check` with 1,000 jobs",
        "the SDK alone; Django's checks",
        "start:a_thousand_jobs",
    ),
    14: Line("from due to a recorded start on the local host", "a committed claim", "latency"),
    15: Line("idle SQL a minute between ticks; wake-ups a second of an idle worker", "nothing", "idle"),
    16: Line("retention of a million runs and their output", "–", "retention", long=True),
    17: Line("recovery: a worker is killed, its run starts again", "a lease and a tick", "recovery", long=True),
    18: Line("each page of the dashboard at 500 jobs and 5 million runs", "–", "pages", long=True),
    19: Line("a run's end with the usual alerts", "the same without alerts", "alerts"),
}


def main(wanted: list[str]) -> None:
    """Measure these rows, or all that don't take long; then write the page, with the other rows as they were."""
    rows = _rows(wanted)
    with database():
        for name in dict.fromkeys(ROWS[row].module for row in rows):
            for result, seconds in _timed(_measure(name)):
                if result.row in rows:
                    _show(result, results.keep(result, seconds))
    PAGE.write_text(page(results.kept()))
    print(f"\nWritten to {PAGE.relative_to(Path.cwd())}.")


def _rows(wanted: list[str]) -> list[int]:
    if "all" in wanted:
        wanted = [str(row) for row in ROWS]
    named = [int(word) for word in wanted]
    return named or [row for row, line in ROWS.items() if not line.long and _exists(line.module)]


def _exists(module: str) -> bool:
    return (Path(__file__).parent / f"{module.partition(':')[0]}.py").exists()


def _measure(module: str) -> Callable[[], Iterable[Result]]:
    name, _, function = module.partition(":")
    measure: Callable[[], Iterable[Result]] = getattr(import_module(f"benchmarks.{name}"), function or "measure")
    return measure


def _timed(measure: Callable[[], Iterable[Result]]) -> Iterator[tuple[Result, float]]:
    """Each result, and how many seconds passed until it was there."""
    began = time.monotonic()
    for result in measure():
        yield result, time.monotonic() - began
        began = time.monotonic()


def _show(result: Result, kept: Kept) -> None:
    print(f"\n{result.row}  {ROWS[result.row].what}    measured {kept.measured}")
    for figure in kept.figures:
        print(f"   {figure.found} (aim: {figure.aim}; {_verdict(figure.met)})")
    for row in result.compared:
        print(f"     {row}", flush=True)
    for line in result.lines:
        print(f"     {'; '.join(line)}", flush=True)


def page(found: dict[int, Kept]) -> str:
    """The page of results."""
    details = "\n".join(_details(row, found[row]) for row in ROWS if row in found)
    return f"""\
# What it costs

Written by `make bench`. Each thing is measured in turn with its floor or its peer, A B A B …, in one invocation,
{harness.ROUNDS} times after one round to warm up. What it takes is the median; a ratio is the median of the rounds'
ratios, with the least and the most. PostgreSQL is as it comes: `synchronous_commit` and `fsync` are on. The machine was
shared: CPU is the steadier figure there, and each row says under which load it was measured.

{table(["#", "What", "against", "found", "aim", "met"], [_cells(row, found.get(row)) for row in ROWS])}
{details}"""


def _cells(row: int, kept: Kept | None) -> list[str]:
    line = ROWS[row]
    if kept is None:
        return [str(row), line.what, line.against, "not measured yet", "–", "–"]
    found, aims, met = zip(*kept.figures, strict=True)
    verdicts = map(_verdict, met)
    return [str(row), line.what, line.against, "<br>".join(found), "<br>".join(aims), "<br>".join(verdicts)]


def _verdict(met: bool) -> str:
    return "yes" if met else "**no**"


def _details(row: int, kept: Kept) -> str:
    lines = kept.lines or kept.compared
    compared = table(kept.headings or HEADINGS, lines) if lines else ""
    notes = "".join(f"{note}\n" if note.startswith("  ") else f"- {note}\n" for note in kept.notes)
    parts = [f"## {row}. {ROWS[row].what}\n", f"Measured on {kept.measured}. {kept.machine}.\n", compared, notes]
    return "\n".join(part for part in parts if part)
