"""What a worker does between two ticks while nothing is due: what it asks the database, and how often it wakes up."""

import time
from datetime import UTC, datetime
from pathlib import Path

import psycopg
from django.db import connection

from benchmarks.database import NAME, libpq
from benchmarks.harness import Figure, Result
from benchmarks.hosts import local_host
from jobs.execution.isolation import system
from jobs.models import Run
from tests.helpers.processes import until

# Within a minute: after its tick and what came of it, and before the next.
FROM, UNTIL = 20, 55


def measure() -> list[Result]:
    with local_host() as host:
        until(lambda: Run.objects.filter(job="noop", status="succeeded").exists(), 180)
        _wait_for(FROM)
        # At its first tick the host may have begun with what the project's own jobs had missed.
        while Run.objects.filter(status="running").exists():
            time.sleep(1)
            _wait_for(FROM)
        connection.close()
        processes = [host.process.pid, *system.descendants(host.process.pid)]
        sessions, woken, began = _sessions(), _wake_ups(processes), time.monotonic()
        _wait_for(UNTIL)
        took, sessions_then = time.monotonic() - began, _sessions()
        again = {thread: number - woken.get(thread, 0) for thread, number in _wake_ups(processes).items()}
    of_the_host = again.pop(host.process.pid)
    a_second = sum(again.values()) / took
    asked = len(sessions ^ sessions_then)
    return [
        Result(
            row=15,
            figures=[
                Figure(f"{asked} database sessions were asked anything, began or ended", "0", asked == 0),
                Figure(f"{a_second:.2f} wake-ups a second", "at most 1", a_second <= 1),
            ],
            notes=[
                f"The worker's {len(again)} threads, its fork server and what that has forked, in a local host, from "
                f"second {FROM} to {UNTIL} of a minute, after a tick and a run. Wake-ups are voluntary context "
                "switches.",
                f"The host's own thread is apart: its web server's loop makes {of_the_host / took:.1f} a second. In "
                "Azure that is another program.",
                "Counts: what else the machine does changes none of them. `tests/ledger/test_commits.py` holds the "
                "worker to them.",
            ],
        )
    ]


def _wait_for(second: int) -> None:
    now = datetime.now(UTC)
    time.sleep((second - now.second - now.microsecond / 1e6) % 60)


def _sessions() -> set[tuple[int, datetime | None]]:
    """The sessions of others, each with the moment when it was last asked something."""
    with psycopg.connect(**libpq() | {"dbname": "postgres"}) as mine:
        found = mine.execute(
            "SELECT pid, state_change FROM pg_stat_activity WHERE datname = %s AND backend_type = 'client backend'",
            [NAME],
        )
        return {(pid, changed) for pid, changed in found}


def _wake_ups(processes: list[int]) -> dict[int, int]:
    """Of each thread."""
    return {
        int(status.parent.name): int(line.split()[1])
        for process in processes
        for status in Path(f"/proc/{process}/task").glob("*/status")
        for line in status.read_text().splitlines()
        if line.startswith("voluntary_ctxt_switches")
    }
