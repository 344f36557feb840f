"""Our expressions against cronsim's: `python benchmarks/cron.py` prints ratios, each the median of eleven rounds.

Rounds alternate, ours and theirs, so that a busy machine slows both.
"""

import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from time import perf_counter

from cronsim import CronSim

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from jobs.ncrontab import Expression
from jobs.occurrences import Schedule

ROUNDS, CALLS = 11, 300
USUAL = [
    "* * * * *",
    "*/5 * * * *",
    "0 * * * *",
    "0 3 * * *",
    "0 */6 * * *",
    "15 16 * * 1-5",
    "30 9-17 * * 1-5",
    "0 0 * * 0",
    "30 4 1 * *",
]
LEAP_DAY = "0 0 29 2 *"
ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles"]
NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
WALL = NOW.replace(tzinfo=None)


def seconds(call: Callable[[], object]) -> float:
    """How long one call takes."""
    start = perf_counter()
    for _ in range(CALLS):
        call()
    return (perf_counter() - start) / CALLS


def ratio(ours: Callable[[], object], theirs: Callable[[], object]) -> tuple[float, float]:
    """How many times as long theirs takes, and how long ours takes."""
    rounds = [(seconds(ours), seconds(theirs)) for _ in range(ROUNDS)]
    return median(their / our for our, their in rounds), median(our for our, _ in rounds)


def parsing(text: str) -> tuple[float, float]:
    return ratio(lambda: Expression(text), lambda: CronSim(text, WALL))


def the_next(text: str) -> tuple[float, float]:
    expression, simulation = Expression(text), CronSim(text, WALL)

    def theirs() -> None:
        simulation.dt = WALL  # cronsim goes on from its last answer
        next(simulation)

    return ratio(lambda: expression.next(WALL), theirs)


def main() -> None:
    for title, measure in [("parse", parsing), ("next", the_next)]:
        measured = {text: measure(text) for text in [*USUAL, LEAP_DAY]}
        for text, (times, our) in measured.items():
            print(f"{title:6} {text:16} {times:6.1f} times as fast as cronsim   {our * 1e6:6.2f} µs")
        print(f"{title:6} median of nine   {median(measured[text][0] for text in USUAL):6.1f}\n")

    schedules = [Schedule(USUAL[n % 9], ZONES[n % 7 % 3]) for n in range(10_000)]
    start = perf_counter()
    occurrences = sum(len(list(schedule.between(NOW, NOW + timedelta(days=1)))) for schedule in schedules)
    print(f"{occurrences:,} occurrences of 10,000 jobs in the next 24 hours: {perf_counter() - start:.2f} s")


if __name__ == "__main__":
    main()
