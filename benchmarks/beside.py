"""Four isolated no-op runs at a time, beside other packages' workers; and what each does when its worker is killed."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

from django.conf import settings

from benchmarks.database import fork_server, libpq, postgresql
from benchmarks.harness import Cost, Result, Row, Side, duration, rounds
from benchmarks.victims import Victims
from jobs import procfs
from jobs.choices import Status
from jobs.execution.isolation import system
from jobs.execution.worker import this_worker
from jobs.ledger import triggers
from tests.helpers.beside import url_of

AT_A_TIME = 4
RUNS = 12
ENVIRONMENTS = settings.BASE_DIR / ".local" / "peers"
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


@dataclass(kw_only=True)
class Peer:
    """Another package's workers and its client, each in its own virtual environment.

    `worker` is the command line of a worker, after the environment's Python; `workers` says how many of them.
    """

    name: str
    package: str
    worker: list[str]
    workers: int = 1
    apps: str = ""
    redis: int = 0
    redis_database: int = 0
    started: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def module(self) -> str:
        return f"benchmarks.peers.{self.package.replace('-', '_')}"

    def start(self) -> None:
        self.client = self._process(["-m", self.module], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._answered(b"ready\n")
        self.start_workers()
        self.execute(AT_A_TIME)

    def start_workers(self) -> None:
        self.started = [
            self._process(self.worker, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL) for _ in range(self.workers)
        ]

    def execute(self, runs: int = RUNS) -> None:
        self.order(f"noop {runs}", b"done\n")

    def order(self, words: str, answer: bytes) -> None:
        self.client.stdin.write(f"{words}\n".encode())
        self.client.stdin.flush()
        self._answered(answer)

    def side(self) -> Side:
        """With the CPU of its workers, their children, and what they have asked."""
        return Side(
            work=self.execute, helpers=lambda: [*self.at_work(), *([self.redis] if self.redis else []), *postgresql()]
        )

    def at_work(self) -> list[int]:
        return [pid for worker in self.started for pid in (worker.pid, *system.descendants(worker.pid))]

    def stop(self) -> None:
        """Kill all of its processes, also those that ran on when their parent was killed."""
        while pids := [pid for pid in system.processes() if self._is_its_own(pid)]:
            for pid in pids:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            for process in (*self.started, self.client):
                process.poll()
            time.sleep(0.05)

    def _is_its_own(self, pid: int) -> bool:
        try:
            return f"BENCHMARK_PEER={self.name}".encode() in Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            return False

    def _process(self, words: list[str], **streams: object) -> "subprocess.Popen[bytes]":
        python = ENVIRONMENTS / self.package / "bin" / "python"
        environment = os.environ | {
            "DJANGO_SETTINGS_MODULE": "benchmarks.peers.settings",
            "DATABASE_URL": url_of(libpq()),
            "BENCHMARK_PEER": self.name,
            "PEER_APPS": self.apps,
            "REDIS_PORT": str(REDIS_PORT),
            "REDIS_DATABASE": str(self.redis_database),
            "PYTHONPATH": str(settings.BASE_DIR),
        }
        return subprocess.Popen(
            [python, *words],
            cwd=settings.BASE_DIR,
            env=environment,
            preexec_fn=partial(system.die_with_parent, os.getpid()),
            **streams,
        )

    def _answered(self, expected: bytes) -> None:
        found = self.client.stdout.readline()
        assert found == expected, f"{self.name} said {found!r}"


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


REDIS_PORT = _free_port()
CELERY = ["-m", "celery", "-A", "benchmarks.peers.celery", "worker", "--concurrency", str(AT_A_TIME), "-l", "CRITICAL"]
LEAN = ["--without-gossip", "--without-mingle", "--without-heartbeat"]


def peers(redis: int) -> list[Peer]:
    return [
        Peer(name="RQ", package="rq", worker=["-m", "benchmarks.peers.rq", "worker"], workers=AT_A_TIME, redis=redis),
        Peer(
            name="Celery, --max-tasks-per-child 1",
            package="celery",
            worker=[*CELERY, *LEAN, "--max-tasks-per-child", "1"],
            redis=redis,
        ),
        Peer(
            name="django-q2, recycle 1",
            package="django-q2",
            worker=["-m", "django", "qcluster"],
            apps="django_q",
            redis=redis,
        ),
        Peer(
            name="procrastinate, threads",
            package="procrastinate",
            worker=["-m", "benchmarks.peers.procrastinate", "worker"],
        ),
        Peer(
            name="django-tasks-db, in its worker",
            package="django-tasks-db",
            worker=["-m", "django", "db_worker", "--interval", "0.05", "-v0"],
            workers=AT_A_TIME,
            apps="django_tasks_db",
        ),
        Peer(
            name="Celery, processes that are kept",
            package="celery",
            worker=[*CELERY, *LEAN],
            redis=redis,
            redis_database=1,
        ),
    ]


@contextmanager
def redis_server() -> Iterator[int]:
    """Redis that keeps nothing on a disk, which is the least that it costs. Gives its process."""
    program = shutil.which("redis-server")
    if program is None:
        sys.exit("There is no redis-server. apt-get install redis-server")
    words = ["--port", str(REDIS_PORT), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen([program, *words, "--dir", folder], stdout=subprocess.DEVNULL)
        try:
            yield process.pid
        finally:
            process.terminate()
            process.wait()


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
        ],
    )


def after_its_death(peer: "Peer | Victims") -> str:
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
