"""Workers of ours that a benchmark may kill, and the runs that stay until then."""

import os
import subprocess
import sys
from functools import partial

from django.conf import settings

from jobs.execution.isolation import system
from jobs.ledger import triggers


class Victims:
    """With what a peer's workers can do: start, take a task that stays, and start again."""

    name = "Nightshift"

    def __init__(self) -> None:
        self.started: list[subprocess.Popen[str]] = []
        self.start_workers()

    def start_workers(self) -> None:
        self.started.append(worker())

    def order(self, words: str, answer: bytes) -> None:
        """As of a peer's client: `stay FILE`."""
        hand(self.started[-1], stay(words.split()[1]))

    def stop(self) -> None:
        for process in self.started:
            process.kill()
            process.wait()


def worker(*arguments: str, **environment: str) -> "subprocess.Popen[str]":
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.victim", *arguments],
        cwd=settings.BASE_DIR,
        env=os.environ | environment,
        preexec_fn=partial(system.die_with_parent, os.getpid()),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def stay(file: object) -> int:
    """Request a run that stays, and writes a line into this file each time that it starts."""
    return triggers.request("stays", [str(file)], requested_by="a benchmark", ring=False).pk


def hand(process: "subprocess.Popen[str]", run: int) -> None:
    """Have this worker execute the run."""
    assert process.stdin is not None
    process.stdin.write(f"{run}\n")
    process.stdin.flush()
