"""A worker is killed in the middle of runs: when do they start again, on its instance and on another one?

The runs of the second part are lost by their lease, so it takes four minutes and a half, whatever the machine.
"""

import tempfile
import time
from pathlib import Path
from statistics import median

from benchmarks.harness import ROUNDS, Figure, Result
from benchmarks.victims import hand, stay, worker
from jobs.ledger import timing

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
                "On the same instance: from the moment when the new worker has loaded Django to the first line of the "
                f"run's command. From the kill, with the start of the new process: {spread(whole)}.",
            ],
        )
    ]


def spread(seconds: tuple[float, ...] | list[float]) -> str:
    return f"{median(seconds):.1f} s ({min(seconds):.1f}–{max(seconds):.1f})"


def on_the_same_instance(file: Path) -> tuple[float, float]:
    """Seconds from the new worker's beginning, and from the old one's death, to the run's second start."""
    old = worker()
    hand(old, stay(file))
    started(file, 1)
    old.kill()
    old.wait()
    killed_at = time.monotonic()
    new = worker()
    began = time.monotonic()
    at = started(file, 2)
    new.kill()
    new.wait()
    return max(0.0, at - began), at - killed_at


def on_another_instance(folder: Path) -> list[float]:
    """Seconds from each death to each second start."""
    other = worker(str(TICK), WEBSITE_INSTANCE_ID="another", JOBS_MAX_RUNNING=str(WORKERS * RUNS))
    # Ticks have to see the database for a while before an old lease says that a run is lost.
    time.sleep(timing.UNBROKEN.total_seconds())
    killed_at: dict[Path, float] = {}
    for n in range(WORKERS):
        # On an instance of its own: the next worker on the same one would start its runs again.
        old = worker(WEBSITE_INSTANCE_ID=f"dying-{n}")
        files = [folder / f"elsewhere-{n}-{run}" for run in range(RUNS)]
        for file in files:
            hand(old, stay(file))
        for file in files:
            started(file, 1)
        old.kill()
        old.wait()
        killed_at |= dict.fromkeys(files, time.monotonic())
        time.sleep(TICK / WORKERS)
    found = {}
    while len(found) < len(killed_at) and time.monotonic() < max(killed_at.values()) + LONGEST:
        for file in killed_at.keys() - found.keys():
            if lines(file) > 1:
                found[file] = time.monotonic() - killed_at[file]
        time.sleep(0.1)
    other.kill()
    other.wait()
    assert len(found) == len(killed_at), "a run didn't start again"
    return list(found.values())


def started(file: Path, times: int) -> float:
    """Wait until the run has started so often; when, by time.monotonic()."""
    end = time.monotonic() + LONGEST
    while lines(file) < times:
        assert time.monotonic() < end, f"{file.name} didn't start"
        time.sleep(0.01)
    return time.monotonic()


def lines(file: Path) -> int:
    return file.read_text().count("\n") if file.exists() else 0
