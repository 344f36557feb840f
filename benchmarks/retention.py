"""Retention of a million runs with their output: how long, the longest statement, and what readers feel of it.

`python -m benchmarks 16` takes many minutes and 3 GB; RETENTION_RUNS makes it fewer runs.
"""

import multiprocessing
import os
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path
from statistics import mean, quantiles
from typing import Any, NamedTuple

from django.contrib.auth import get_user_model
from django.db import connection, connections
from django.test import Client

from benchmarks.harness import Figure, Result, cpu, cpu_of
from jobs.declarations.keep import Keep
from jobs.ledger.retention import Pruned, prune
from jobs.models import Run

RUNS = int(os.environ.get("RETENTION_RUNS", 1_000_000))
JOBS = 500
# Younger runs, which stay: what readers look at.
STAY = 100_000
# One attempt in so many writes two full pieces that can't be compressed.
LONG = 500
# Readers are measured with and without a prune, in turn, for so many seconds each.
TURN = 3.0

POPULATE = (
    """
    INSERT INTO nightshift_jobstate (job, fingerprint, ledger_from, ledger_through)
    SELECT 'job_' || n, '0 * * * * * UTC', now() - interval '2 years', now() FROM generate_series(0, %(jobs)s - 1) AS n
        ON CONFLICT DO NOTHING
    """,
    """
    CREATE TEMP TABLE body AS
    SELECT n, decode(string_agg(md5(n || '-' || part), ''), 'hex') AS bytes
      FROM generate_series(0, 9) AS n, generate_series(1, 4096) AS part GROUP BY n
    """,
    # All that go ended between two years and 200 days ago; all that stay within the last 20 days.
    """
    INSERT INTO nightshift_run (job, trigger, scheduled_for, status, created_at, not_before, started_at, finished_at,
                                attempt, error)
    SELECT 'job_' || n %% %(jobs)s, 'schedule', at, CASE WHEN n %% 25 = 0 THEN 'failed' ELSE 'succeeded' END,
           at, at, at, at + interval '20 s', 1, CASE WHEN n %% 25 = 0 THEN 'ValueError: the file is empty' ELSE '' END
      FROM (SELECT n, CASE WHEN n < %(go)s
                           THEN now() - interval '730 days' + n * (interval '530 days' / %(go)s)
                           ELSE now() - interval '20 days' + (n - %(go)s) * (interval '20 days' / %(stay)s)
                      END AS at FROM generate_series(0, %(go)s + %(stay)s - 1) AS n) AS each
     ORDER BY n
    """,
    """
    INSERT INTO nightshift_attempt (run_id, number, status, started_at, finished_at, exit_code, wall, cpu, output_bytes,
                                    instance, release)
    SELECT id, 1, status, started_at, finished_at, (status = 'failed')::int, interval '20 s', interval '3 s', 900,
           'instance-' || id %% 3, 'sha256:0123456789abcdef'
      FROM nightshift_run ORDER BY id
    """,
    """
    INSERT INTO nightshift_output (attempt_id, number, at, body)
    SELECT a.id, 0, finished_at,
           convert_to(repeat(md5(a.id::text) || ' imported 17 rows of 200' || chr(10), 15), 'UTF8')
      FROM nightshift_attempt a WHERE id %% %(long)s <> 0
    UNION ALL
    SELECT a.id, place, finished_at, bytes FROM nightshift_attempt a, generate_series(0, 1) AS place, body
     WHERE a.id %% %(long)s = 0 AND n = (a.id / %(long)s) %% 10
     ORDER BY 1, 2
    """,
    "ANALYZE",
)


def measure(runs: int = RUNS) -> Iterator[Result]:
    """Row 16."""
    began = time.monotonic()
    with connection.cursor() as cursor:
        # What the runs were like isn't asked here: their days aren't counted.
        cursor.execute("ALTER TABLE nightshift_run DISABLE TRIGGER nightshift_count_ended")
    populate(runs)
    notes = [f"{runs:,} runs that go and {STAY:,} that stay were made in {time.monotonic() - began:.0f} s: {sizes()}."]
    with readers() as reading:
        watch, used = Watch(), cpu()
        with watch.statements():
            gone = prune(Keep(days=90), report=reading.take_turns)
        seconds = time.monotonic() - reading.began - reading.rested
        used, session = cpu() - used, cpu_of(int(watch.stopwatch.waits[1].parts[2]))
    assert gone.runs == runs
    assert Run.objects.count() == STAY
    works, rests, disturbed = reading.p95()
    most = watch.longest()
    notes += [
        f"It took {seconds:.0f} s by the clock, its rests included, without the turns in which readers were measured "
        f"alone; {used:.0f} s of the command's CPU and {session:.0f} s of its session's.",
        f"The longest statement took {most.wall * 1000:.0f} ms by the clock, {most.undisturbed * 1000:.0f} ms without "
        "what it and its session waited for a processor.",
        f"Readers through the API: p95 {works * 1000:.1f} ms while it worked, {rests * 1000:.1f} ms while it rested, "
        f"without such waits; by the clock {disturbed:.2f} times. Turns of {TURN:.0f} s.",
        *watch.notes(),
        f"Afterwards: {sizes()}. {dead()}.",
        again(),
    ]
    yield Result(
        row=16,
        figures=[
            Figure(f"{seconds / 60:.1f} min", "at most 3 min", seconds <= 180),
            Figure(f"{used + session:.0f} s of CPU", "at most 3 min", used + session <= 180),
            Figure(
                f"{most.undisturbed * 1000:.0f} ms the longest statement", "at most 100 ms", most.undisturbed <= 0.1
            ),
            Figure(f"readers' p95 {works / rests:.2f} times", "at most 1.2 times", works / rests <= 1.2),
        ],
        notes=notes,
    )


def again() -> str:
    """A prune right after that one: it passes what vacuum hasn't been at."""
    began, watch = time.monotonic(), Watch()
    with watch.statements():
        prune(Keep(days=90))
    return (
        f"Another prune at once took {time.monotonic() - began:.1f} s; its longest statement "
        f"{watch.longest().undisturbed * 1000:.0f} ms."
    )


def populate(runs: int, stay: int = STAY) -> None:
    """Make so many old runs with output, and younger ones."""
    with connection.cursor() as cursor:
        for statement in POPULATE:
            cursor.execute(statement, {"jobs": JOBS, "go": runs, "stay": stay, "long": LONG})


def sizes() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, pg_total_relation_size(relid) / 1024 / 1024 FROM pg_stat_user_tables"
            " WHERE relname LIKE 'nightshift_%%' AND pg_total_relation_size(relid) > 20000000 ORDER BY 2 DESC"
        )
        return ", ".join(f"{name.removeprefix('nightshift_')} {size:,} MB" for name, size in cursor.fetchall())


def dead() -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname, n_dead_tup, autovacuum_count FROM pg_stat_user_tables WHERE n_dead_tup > 10000"
            " OR autovacuum_count > 0"
        )
        return ", ".join(f"{name}: {rows:,} dead, {times} autovacuums" for name, rows, times in cursor.fetchall())


class Took(NamedTuple):
    """How long something took, in seconds: by the clock, and without what it waited for a processor."""

    wall: float
    undisturbed: float


class Stopwatch:
    """Times what this process and its database session do together. On a busy machine both wait for a processor."""

    def __init__(self) -> None:
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            self.waits = [Path(f"/proc/{pid}/schedstat") for pid in (os.getpid(), cursor.fetchone()[0])]

    def now(self) -> tuple[float, float]:
        waited = sum(int(file.read_text().split()[1]) for file in self.waits if file.exists())
        return time.perf_counter(), waited / 1e9

    def since(self, began: tuple[float, float]) -> Took:
        wall, waited = (after - before for after, before in zip(self.now(), began, strict=True))
        return Took(wall, max(wall - waited, 0.0))


class Watch:
    """How long the statements of a prune take, as its process sees it."""

    def __init__(self) -> None:
        self.took: dict[str, list[Took]] = defaultdict(list)
        self.stopwatch = Stopwatch()

    @contextmanager
    def statements(self) -> Iterator[None]:
        with connection.execute_wrapper(self._measure):
            yield

    def _measure(self, execute: Any, statement: str, *rest: Any) -> Any:
        began = self.stopwatch.now()
        try:
            return execute(statement, *rest)
        finally:
            self.took[" ".join(statement.split())[:60]].append(self.stopwatch.since(began))

    def longest(self) -> Took:
        return max((took for found in self.took.values() for took in found), key=lambda took: took.undisturbed)

    def notes(self) -> Iterator[str]:
        for statement, took in sorted(self.took.items(), key=lambda item: -len(item[1]))[:5]:
            by_clock, undisturbed = ([each * 1000 for each in sides] for sides in zip(*took, strict=True))
            yield (
                f"{len(took):,} times `{statement}`: {mean(undisturbed):.1f} ms on average, {max(undisturbed):.0f} at "
                f"most (by the clock {mean(by_clock):.1f} and {max(by_clock):.0f})."
            )


class Readers:
    """A process that reads through the API, one request after another, while a prune works and while it rests."""

    def __init__(self, working: "Synchronized[int]", answers: Any) -> None:
        self.working, self.answers = working, answers
        self.began, self.rested = time.monotonic(), 0.0
        self.turned = self.began
        self.found: dict[tuple[int, str], list[Took]] = defaultdict(list)

    def take_turns(self, _: Pruned) -> None:
        """Called between two batches: after each turn of work one of rest."""
        if time.monotonic() - self.turned < TURN:
            return
        self.working.value = 0
        time.sleep(TURN)
        self.working.value = 1
        self.rested, self.turned = self.rested + TURN, time.monotonic()

    def collect(self) -> None:
        for key, took in iter(self.answers.get, None):
            self.found[key].append(took)

    def p95(self) -> tuple[float, float, float]:
        """While the prune works and while it rests, in seconds; and by the clock the one over the other."""
        sides = [[took for key, found in self.found.items() if key[0] == side for took in found] for side in (1, 0)]
        by_clock, undisturbed = zip(
            *([quantiles(values, n=20)[-1] for values in zip(*side, strict=True)] for side in sides), strict=True
        )
        return undisturbed[0], undisturbed[1], by_clock[0] / by_clock[1]


@contextmanager
def readers() -> Iterator[Readers]:
    connections.close_all()
    context = multiprocessing.get_context("fork")
    working, stopped, answers = context.Value("i", 1), context.Event(), context.SimpleQueue()
    process = context.Process(target=_read, args=(working, stopped, answers))
    process.start()
    reading = Readers(working, answers)
    collecting = _thread(reading.collect)
    try:
        yield reading
    finally:
        stopped.set()
        process.join()
        answers.put(None)
        collecting()


def _thread(work: Callable[[], None]) -> Callable[[], None]:
    thread = threading.Thread(target=work)
    thread.start()
    return thread.join


def _read(working: "Synchronized[int]", stopped: Any, answers: Any) -> None:
    client = Client(headers={"host": "localhost"})
    client.force_login(get_user_model().objects.create_superuser("reader"))
    newest = Run.objects.latest("pk").pk
    pages = {
        "the latest runs": lambda n: "/api/v1/runs/",
        "a job's runs": lambda n: f"/api/v1/runs/?job=job_{n % JOBS}",
        "a run": lambda n: f"/api/v1/runs/{newest - n % STAY}/",
        "output": lambda n: f"/api/v1/runs/{newest - n % STAY}/output/",
    }
    number, stopwatch = 0, Stopwatch()
    while not stopped.is_set():
        for what, page in pages.items():
            number += 7
            side, began = working.value, stopwatch.now()
            assert client.get(page(number)).status_code == 200
            # A request across a turn belongs to neither side.
            if number > 700 and working.value == side:
                answers.put(((side, what), stopwatch.since(began)))
            time.sleep(0.005)
