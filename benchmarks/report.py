"""All that was measured, as a page."""

import os
import platform
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

import django
from django.db import connection

from benchmarks import beside, cron, harness, isolation, ledger, masking, output
from benchmarks.database import database
from benchmarks.harness import HEADINGS, Row, Side, duration, table
from benchmarks.lines import BYTES_A_LINE, LINES

RESULTS = Path(__file__).parent / "RESULTS.md"
PARTS: dict[str, Callable[[], list[Row]]] = {
    "ledger": ledger.measure,
    "isolation": isolation.measure,
    "output": output.measure,
    "masking": masking.measure,
    "beside": beside.measure,
    "cron": cron.measure,
}


def main(wanted: list[str]) -> None:
    """Measure these parts, or all; of all there is a page."""
    began = time.monotonic()
    with database():
        measured = {name: show(PARTS[name]()) for name in wanted or PARTS}
        if not wanted:
            RESULTS.write_text(page(measured, (time.monotonic() - began) / 60))
            print(f"\nWritten to {RESULTS.relative_to(Path.cwd())}.")


def show(rows: list[Row]) -> list[Row]:
    for row in rows:
        print(row, flush=True)
    return rows


def page(measured: dict[str, list[Row]], minutes: float) -> str:
    """The page of results."""
    commit, question = harness.rounds(Side(work=ledger.commit, times=50), Side(work=ledger.round_trip, times=50))
    ours = [row.cells() for name, rows in measured.items() if name != "cron" for row in rows]
    return f"""\
# What it costs

Measured by `make bench` on {time.strftime("%-d %B %Y")}, in {max(1, round(minutes))} min.
{machine()}

Each thing is measured in turn with its yardstick, A B A B …, {harness.ROUNDS} times after one round to warm up. What it
takes is the median; a ratio is the median of the rounds' ratios, with the least and the most. CPU is that of Python's
processes (the worker, the fork server, guardians and children); where lines or runs a second are told, PostgreSQL's is
in it too. PostgreSQL is as it comes: `synchronous_commit` and `fsync` are on.

## Nightshift

{table(HEADINGS, ours)}
- One commit of one changed row takes {_median(commit)} here, and a question that changes nothing {_median(question)}.
  What talks to the database can't be quicker.
- A scheduled run that succeeds has {ledger.commits_of_a_run()} commits beside its output (aim: at most 3);
  `tests/ledger/test_commits.py` holds it to that.
- The ledger's part is `settle`, claim and finish, without a child, for one occurrence after another. A duplicate
  delivery is `settle` for a moment that was settled.
- An isolated run is all of it: queued, claimed, forked, watched to its end, finished. A bare fork ends at once and is
  waited for, in a process that has loaded what the fork server loads.
- Output: {LINES:,} lines of {BYTES_A_LINE} bytes, written in blocks of 8 KiB, as a program that buffers does. Ours is
  the whole run around the output, kept in pieces of 64 KiB that PostgreSQL compresses. COPY has the text of its rows
  at hand and one commit; what finds a line again is its attempt, number, time and stream, under a primary key.
- procrastinate's worker takes its tasks with its psycopg connector and runs them in threads of one process. Ours
  starts each in a process of its own. Both call the same command; asking for the runs isn't measured.

What holds back where an aim isn't met:

- The ledger's part: six statements, of 0.1 to 0.2 ms of CPU each in Django and psycopg. By hand, EXPLAIN ANALYZE gave
  0.6 ms to planning them all (Django prepares no statement) and 0.4 ms to carrying them out. 3.5 no-ops are less time
  than three bare commits take here.
- A duplicate delivery is one statement that takes no lock and commits nothing. Fewer there can't be.
- An isolated run is two forks, one for the guardian and one for the child, and the pages that they touch after it, each
  of which costs a page fault: 250 for a bare fork, 1,500 for the guardian and child of a no-op.
- Four at a time: a bare fork alone takes more CPU than a whole task of procrastinate's. What isolates can't keep up
  with what doesn't, on as many cores.
- Output against the barest COPY: PostgreSQL compresses our pieces, which the line below it leaves out; and one line by
  its own `print()` is a system call of the child's.

## Expressions

{table(HEADINGS, [row.cells() for row in measured["cron"]])}
{cron.summary(measured["cron"])}
"""


def _median(costs: list[harness.Cost]) -> str:
    return duration(median(cost.wall for cost in costs))


def machine() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SHOW server_version")
        postgresql = cursor.fetchone()[0]
    load = os.getloadavg()[1]
    return (
        f"{os.cpu_count()} cores ({platform.machine()}, {platform.system()}), shared, with a load of {load:.1f};\n"
        f"PostgreSQL {postgresql} on the same machine, Python {platform.python_version()}, Django {django.__version__}."
    )
