"""Four isolated no-op runs at a time, beside other packages' workers; and what each does when its worker is killed."""

import os
import signal
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from statistics import median

from benchmarks.database import fork_server, postgresql
from benchmarks.harness import Cost, Result, Row, Side, duration, rounds
from benchmarks.peer import AT_A_TIME, RUNS, Peer, peers, redis_server
from benchmarks.victims import Victims
from jobs import procfs
from jobs.choices import Status
from jobs.execution.isolation import system
from jobs.execution.worker import this_worker
from jobs.ledger import triggers

# How many seconds each has, after its worker was killed and a new one started, to do something about the task.
PATIENCE = 20


class Ours:
    """Queued runs, executed by as many threads as the host calls functions at a time."""

    name = "Nightshift"

    def __init__(self) -> None:
        self.pool = ThreadPoolExecutor(AT_A_TIME)
        self.runs: list[int] = []

    def prepare(self) -> None:
        self.runs = [triggers.request("noop_beside", requested_by="a benchmark", ring=False).pk for _ in range(RUNS)]

    def execute(self) -> None:
        assert set(self.pool.map(this_worker.execute, self.runs)) == {Status.SUCCEEDED}

    def side(self) -> Side:
        return Side(work=self.execute, prepare=self.prepare, helpers=lambda: [*fork_server(), *postgresql()])


def measure() -> Iterator[Result]:
    ours = Ours()
    compared, killed = {}, []
    with redis_server() as redis:
        for peer in peers(redis):
            try:
                peer.start()
                # Idle workers ask PostgreSQL too: only one peer is there at a time.
                mine, theirs = rounds(ours.side(), peer.side())
                killed.append(f"{peer.name}: {after_its_death(peer)}")
            finally:
                peer.stop()
            compared[peer.name] = (mine, theirs)
    victims = Victims()
    killed.append(f"Nightshift: {after_its_death(victims)}")
    victims.stop()
    yield cpu_of_a_run(compared)
    yield runs_a_second(compared, killed)


HELD_BACK = (
    "What holds it back: the fork itself, since the kernel copies the page tables of all that is loaded, and the pages "
    "that are touched after it. RQ has no guardian, no masking and no durable record."
)


def cpu_of_a_run(compared: dict[str, tuple[list[Cost], list[Cost]]]) -> Result:
    row = Row(
        what="an isolated, recorded run, 4 at a time", yardstick="RQ", ours=compared["RQ"][0], theirs=compared["RQ"][1]
    )
    each = [median(cost.cpu for cost in costs) / RUNS for costs in compared["RQ"]]
    return Result(
        row=2,
        figures=[
            row.figure(row.by_cpu(), 0.6, f"{duration(each[0])} of CPU to RQ's {duration(each[1])}"),
        ],
        compared=[row],
        notes=[
            f"{RUNS} runs of a command that does nothing, in turn with {RUNS} of RQ's jobs that call the same command. "
            "CPU is that of all processes: ours with PostgreSQL's, RQ's with that of Redis, which keeps nothing on a "
            "disk. Asking for the runs isn't in it, but for what it costs the peer's server.",
            "RQ's workers have loaded Django and a smaller project than ours; they fork a process for each job.",
            HELD_BACK,
        ],
    )


def runs_a_second(compared: dict[str, tuple[list[Cost], list[Cost]]], killed: list[str]) -> Result:
    rows = {
        name: Row(
            what="isolated runs, 4 at a time",
            yardstick=name,
            ours=mine,
            theirs=theirs,
            items=RUNS,
            rate="runs/s",
            faster=True,
        )
        for name, (mine, theirs) in compared.items()
    }
    isolated = list(rows.values())[1:3]
    return Result(
        row=4,
        figures=[
            rows["RQ"].figure(rows["RQ"].by_wall(), 1.8, "times RQ's"),
            *(row.figure(row.by_wall(), 1.8, f"times that of {row.yardstick}") for row in isolated),
        ],
        compared=list(rows.values()),
        notes=[
            "Each peer has its own rounds, in which its workers alone are there; CPU is that of all processes, with "
            "PostgreSQL's and Redis's. procrastinate, django-tasks-db and Celery with processes that are kept isolate "
            "nothing: they are here to show what that saves.",
            "Ours and django-q2, procrastinate and django-tasks-db keep a row of each run; RQ and Celery keep a result "
            "in Redis.",
            f"Its worker killed (SIGKILL) in the middle of a task, and a new one started; seen for {PATIENCE} s, each "
            "as it comes, and our job with one retry:",
            *(f"  - {line}" for line in killed),
            "What holds it back where the machine is quiet: both cores are busy, so that it is CPU that counts, and of "
            "960 runs on 29 November 2026, at 13.9 ms each, the child took 6.0 (1,000 pages that it touches are "
            "copied), its guardian 1.9, the worker 3.4 and PostgreSQL 2.6 for the claim, the end and the choice of "
            "the next. On a busy machine, where each waits for its turn, it was 2.4 times RQ's that day.",
        ],
    )


def after_its_death(peer: Peer | Victims) -> str:
    """What becomes of a task when its worker is killed, in words."""
    with tempfile.TemporaryDirectory() as folder:
        started = Path(folder, "started")
        started.touch()
        peer.order(f"stay {started}", b"done\n")
        _until(lambda: started.read_text().endswith("\n"), 60)
        task, child = map(int, started.read_text().split())
        worker = next(each for each in peer.started if task in (each.pid, *system.descendants(each.pid)))
        worker.kill()
        worker.wait()
        killed_at = time.monotonic()
        _until(lambda: not (_is_there(task) or _is_there(child)), 5)
        gone = time.monotonic() - killed_at
        alive = [words for pid, words in ((task, "its process"), (child, "what it started")) if _is_there(pid)]
        said = f"{' and '.join(alive)} ran on unwatched" if alive else f"all its processes had ended after {gone:.1f} s"
        peer.start_workers()
        _until(lambda: started.read_text().count("\n") > 1, PATIENCE)
        again = started.read_text().count("\n") > 1
        for pid in map(int, started.read_text().split()):
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        return f"{said}; the task was {'started again' if again else 'not started again'}"


def _until(condition: Callable[[], bool], seconds: float) -> None:
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.02)


def _is_there(pid: int) -> bool:
    found = procfs.stat(pid)
    return found is not None and not found.has_ended
