"""A worker is killed in the middle of runs: when do they start again, on its instance and on another one?

The runs of the second part are lost by their lease, so it takes four minutes and a half, whatever the machine.
"""

import subprocess
import tempfile
import time
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from benchmarks.harness import ROUNDS, Figure, Result
from benchmarks.victims import hand, stay, worker
from jobs.ledger import timing
from jobs.models import Attempt

# Workers that die, each in the middle of so many runs, at different moments between two ticks.
WORKERS, RUNS = 4, 3
TICK = 60.0
LONGEST = 600.0


def measure() -> list[Result]:
    with tempfile.TemporaryDirectory() as folder:
        elsewhere = on_another_instance(Path(folder))
        begun, whole = zip(*(on_the_same_instance(Path(folder, f"here-{n}")) for n in range(ROUNDS)), strict=True)
    return [
        Result(
            row=17,
            figures=[
                Figure(f"elsewhere: {spread(elsewhere)}", "at most 240 s", max(elsewhere) <= 240),
                Figure(f"on the same instance: {spread(begun)}", "at most 5 s", median(begun) <= 5),
            ],
            notes=[
                f"Elsewhere: {WORKERS} workers, each alone on its instance and killed (SIGKILL) in the middle of "
                f"{RUNS} runs; a worker of another instance ticks each minute. A lease lasts "
                f"{timing.LEASE.total_seconds():.0f} s.",
                "On the same instance: from the moment when the new worker has loaded Django to the run's second "
                f"attempt. From the kill, with the start of the new process: {spread(whole)}.",
            ],
        )
    ]


def spread(seconds: tuple[float, ...] | list[float]) -> str:
    return f"{median(seconds):.1f} s ({min(seconds):.1f}–{max(seconds):.1f})"


def on_the_same_instance(file: Path) -> tuple[float, float]:
    """Seconds from the new worker's beginning, and from the old one's death, to the run's second attempt."""
    old = worker()
    run = stay(file)
    hand(old, run)
    started(file)
    killed_at = kill(old)
    new = worker()
    began = datetime.now(UTC)
    at = second_attempts([run])[run]
    kill(new)
    return max(0.0, (at - began).total_seconds()), (at - killed_at).total_seconds()


def on_another_instance(folder: Path) -> list[float]:
    """Seconds from each death to each second attempt."""
    other = worker(str(TICK), WEBSITE_INSTANCE_ID="another", JOBS_MAX_RUNNING=str(WORKERS * RUNS))
    # Ticks have to see the database for a while before an old lease says that a run is lost.
    time.sleep(timing.UNBROKEN.total_seconds())
    killed_at: dict[int, datetime] = {}
    for n in range(WORKERS):
        # On an instance of its own: the next worker on the same one would start its runs again.
        old = worker(WEBSITE_INSTANCE_ID=f"dying-{n}")
        runs = {stay(folder / f"elsewhere-{n}-{run}"): folder / f"elsewhere-{n}-{run}" for run in range(RUNS)}
        for run, file in runs.items():
            hand(old, run)
            started(file)
        at = kill(old)
        # The other one may have picked up a run by itself.
        own = Attempt.objects.filter(run__in=runs, instance=f"dying-{n}").values_list("run", flat=True)
        killed_at |= dict.fromkeys(own, at)
        time.sleep(TICK / WORKERS)
    again = second_attempts(killed_at)
    kill(other)
    return [(again[run] - at).total_seconds() for run, at in killed_at.items()]


def kill(process: subprocess.Popen[str]) -> datetime:
    """Gives the time of its death."""
    process.kill()
    at = datetime.now(UTC)
    process.wait()
    return at


def second_attempts(runs: Collection[int]) -> dict[int, datetime]:
    """Wait until all of these runs have begun again; when each did, by the ledger."""
    end = time.monotonic() + LONGEST
    while time.monotonic() < end:
        found = dict(Attempt.objects.filter(run__in=runs, number=2).values_list("run", "started_at"))
        if len(found) == len(runs):
            return found
        time.sleep(0.1)
    raise AssertionError("a run didn't start again")


def started(file: Path) -> None:
    """Wait until the run's command has begun."""
    end = time.monotonic() + LONGEST
    while not (file.exists() and file.read_text().endswith("\n")):
        assert time.monotonic() < end, f"{file.name} didn't start"
        time.sleep(0.01)
