"""Other packages' workers, each in a virtual environment of its own (`benchmarks/peers`)."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from django.conf import settings

from benchmarks.database import libpq, postgresql
from benchmarks.harness import Side
from jobs.execution.isolation import system
from tests.helpers.beside import url_of

AT_A_TIME = 4
RUNS = 12
ENVIRONMENTS = settings.BASE_DIR / ".local" / "peers"


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
