"""`manage.py run` at a terminal: into a pipe that nobody reads, stopped by Ctrl-Z, killed."""

import os
import signal
import subprocess
import sys

from tests.chaos.database import ROOT
from tests.chaos.faults import Fault, Lifting, World


def _start(world: World, job: str) -> "subprocess.Popen[bytes]":
    name, _, value = world.mark.partition("=")
    process = subprocess.Popen(
        [sys.executable, "manage.py", "run", job],
        cwd=ROOT,
        env=os.environ
        | world.database.environment()
        | {
            "JOBS_RELEASE": "2",
            "WEBSITE_INSTANCE_ID": "by-hand",
            "JOBS_JOURNAL": str(world.journal.parent / "by-hand-ends"),
            "CHAOS_HOST": "by-hand",
            "CHAOS_JOURNAL": str(world.journal),
            name: value,
        },
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,  # which nobody reads
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    world.by_hand.append(process)
    return process


def into_a_pipe(world: World) -> str:
    return f"pid {_start(world, 'chatty').pid}"


def and_stop(world: World) -> Lifting:
    """Ctrl-Z, and `fg` after a while."""
    process = _start(world, world.random.choice(["slow", "asked", "long"]))

    def go_on() -> None:
        process.send_signal(signal.SIGCONT)

    # It takes a moment until it is at work.
    stop = f"sleep {world.random.uniform(2, 8):.1f}; kill -STOP {process.pid}"
    subprocess.Popen(["sh", "-c", stop], stderr=subprocess.DEVNULL)
    return Lifting(on="by-hand", after=world.random.uniform(15, 45), undo=go_on, detail=f"pid {process.pid}")


def and_kill(world: World) -> Lifting:
    process = _start(world, world.random.choice(["slow", "asked", "parent"]))
    return Lifting(on="by-hand", after=world.random.uniform(2, 10), undo=process.kill, detail=f"pid {process.pid}")


KINDS: list[tuple[int, str, Fault]] = [
    (1, "run by hand into a pipe that nobody reads", into_a_pipe),
    (1, "run by hand and stop it", and_stop),
    (1, "run by hand and kill it", and_kill),
]
