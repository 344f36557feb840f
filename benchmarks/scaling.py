"""What many instances and runs cost: constants that are measured here, and what follows from them.

python -m benchmarks.scaling [INSTANCES RUNS_AN_HOUR]     20 and 100,000 unless given; prints tables for docs/scaling.md

Measured on this machine's PostgreSQL: commits, WAL, CPU and storage of a run without output, and storage of output.
Computed: all else. A server of Azure's is not measured: its limits are those that its documentation names.
"""

import os
import sys
from dataclasses import dataclass
from math import ceil
from typing import NamedTuple

RUNS = 500
HEARTBEAT = 15  # seconds: one statement for all runs of a worker (jobs/ledger/timing.py)
# Connections that a worker's threads keep between two calls (jobs/azure/idle.py), its threads, and JOBS_MAX_RUNNING.
THREADS, MOST_THREADS, RUNNING = 8, 32, 4
# That of the process that sends messages of incidents, while there is something to send.
DELIVERER = 1


class Server(NamedTuple):
    """A size of Azure Database for PostgreSQL: vCPUs, of which a burstable one has a share all the time."""

    name: str
    cores: float
    connections: int


# docs/scaling.md says where they come from.
SERVERS = (Server("B1ms", 0.2, 35), Server("D2ds v5", 2, 844), Server("D8ds v5", 8, 3422))


@dataclass(frozen=True, kw_only=True, slots=True)
class Constants:
    """Of one run. `cpu` in seconds of PostgreSQL's, `wal` and `storage` in bytes, of output for each MB of text."""

    commits: float
    cpu: float
    wal: float
    storage: float
    output: float


def measure() -> Constants:
    """In the benchmarks' database, which is empty."""
    from benchmarks.database import postgresql
    from benchmarks.harness import cpu_of
    from benchmarks.ledger import commits_of_a_run, scheduled_run
    from benchmarks.lines import BYTES_A_LINE, LINES
    from benchmarks.output import recorded_run

    scheduled_run()
    _settled()
    server = postgresql()
    before, used = (_wal(), _stored()), sum(map(cpu_of, server))
    for _ in range(RUNS):
        scheduled_run()
    used = sum(map(cpu_of, server)) - used
    wal = _wal() - before[0]
    _settled()
    rows = _stored() - before[1]
    recorded_run("--in-blocks")
    _settled()
    megabytes = LINES * BYTES_A_LINE / 1e6
    return Constants(
        commits=commits_of_a_run(),
        cpu=used / RUNS,
        wal=wal / RUNS,
        storage=rows / RUNS,
        output=(_stored() - before[1] - rows) / megabytes,
    )


def _settled() -> None:
    """As autovacuum leaves it: dead rows are room for others."""
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")


def _wal() -> int:
    return _asked("SELECT pg_wal_lsn_diff(pg_current_wal_insert_lsn(), '0/0')")


def _stored() -> int:
    """Tables of ours with their indexes and what is kept beside them."""
    return _asked(
        "SELECT sum(pg_total_relation_size(oid)) FROM pg_class WHERE relname LIKE 'nightshift%' AND relkind = 'r'"
    )


def _asked(statement: str) -> int:
    from django.db import connection

    with connection.cursor() as cursor:
        cursor.execute(statement)
        return int(cursor.fetchone()[0])


def simulate(
    of: Constants, instances: int, runs_an_hour: int, seconds: float, kilobytes: float
) -> list[tuple[str, str]]:
    """`seconds` that a run takes, and `kilobytes` that it writes all the while: a piece of output a second."""
    a_second = runs_an_hour / 3600
    at_once = a_second * seconds
    slots = max(RUNNING, ceil(at_once / instances / 0.7))  # a queue that is seven tenths busy hardly waits
    pieces = at_once if kilobytes else 0.0
    commits = a_second * of.commits + pieces + instances / HEARTBEAT
    month = runs_an_hour * 24 * 30
    storage = month * (of.storage + of.output * kilobytes / 1000)
    return [
        ("runs at once", f"{at_once:.0f}"),
        ("`JOBS_MAX_RUNNING`", str(slots)),
        ("connections: threads and writers", str(instances * (THREADS + 1))),
        ("connections: with each run's own", f"{instances * (THREADS + 1) + at_once:.0f}"),
        ("connections: at most", str(instances * (MOST_THREADS + 1 + DELIVERER + slots))),
        ("commits a second", f"{commits:.0f}"),
        ("PostgreSQL's CPU, cores", f"{a_second * of.cpu:.2f}"),
        ("WAL, MB/s, without output", f"{a_second * of.wal / 1e6:.2f}"),
        ("runs a month", f"{month:,}"),
        ("storage a month, GB", f"{storage / 1e9:,.0f}"),
    ]


def most(of: Constants, server: Server) -> tuple[str, str, str, str]:
    """What a server carries: half of its CPU for runs, and instances by their usual and their most connections."""
    usual = THREADS + 1 + RUNNING
    return (
        server.name,
        f"{server.cores / 2 / of.cpu * 3600:,.0f}",
        f"{server.connections // usual}",
        f"{server.connections // (MOST_THREADS + 1 + DELIVERER + RUNNING)}",
    )


def main(instances: int = 20, runs_an_hour: int = 100_000) -> None:
    from benchmarks.database import database
    from benchmarks.harness import table

    with database():
        of = measure()
    print(
        f"A run: {of.commits:.0f} commits, {of.cpu * 1e3:.2f} ms of PostgreSQL's CPU, {of.wal / 1e3:.1f} kB of WAL, "
        f"{of.storage / 1e3:.2f} kB stored; 1 MB of output: {of.output / 1e3:.0f} kB.\n"
    )
    cases = [(2, 0), (2, 4), (10, 64)]
    columns = [simulate(of, instances, runs_an_hour, seconds, kilobytes) for seconds, kilobytes in cases]
    headings = [f"{instances} instances, {runs_an_hour:,} runs an hour", *(f"{s} s, {k} kB" for s, k in cases)]
    print(table(headings, [[name, *(column[n][1] for column in columns)] for n, (name, _) in enumerate(columns[0])]))
    print(
        table(
            ["server", "runs an hour on half its CPU", "instances, usual", "instances, at most"],
            [most(of, one) for one in SERVERS],
        )
    )


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django

    django.setup()
    main(*map(int, sys.argv[1:]))
