"""Our expressions against cronsim's: parsing one, and finding its next occurrence."""

from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

from cronsim import CronSim

from benchmarks.harness import Cost, Row, Side, number, rounds
from jobs.ncrontab import Expression
from jobs.occurrences import Schedule

CALLS = 300
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


def measure() -> list[Row]:
    return [*map(parsing, [*USUAL, LEAP_DAY]), *map(the_next, [*USUAL, LEAP_DAY])]


def parsing(text: str) -> Row:
    ours, theirs = rounds(
        Side(work=lambda: Expression(text), times=CALLS), Side(work=lambda: CronSim(text, WALL), times=CALLS)
    )
    return _row(f"parse `{text}`", ours, theirs)


def the_next(text: str) -> Row:
    expression, simulation = Expression(text), CronSim(text, WALL)

    def cronsim() -> None:
        simulation.dt = WALL  # cronsim goes on from its last answer
        next(simulation)

    ours, theirs = rounds(Side(work=lambda: expression.next(WALL), times=CALLS), Side(work=cronsim, times=CALLS))
    return _row(f"the next of `{text}`", ours, theirs)


def _row(what: str, ours: list[Cost], theirs: list[Cost]) -> Row:
    aim = (3 if what.startswith("parse") else 10) if LEAP_DAY in what else None
    return Row(what=what, yardstick="cronsim", ours=ours, theirs=theirs, aim=aim, faster=True)


def summary(rows: list[Row]) -> str:
    """The median of the nine usual expressions, and a day of ten thousand jobs."""
    parse, following = (
        median(
            row.ratios(lambda cost: cost.wall).median for row in rows if row.what.startswith(word) and row.aim is None
        )
        for word in ("parse", "the next")
    )
    return (
        f"The median of the nine usual ones: parse {number(parse)}, next {number(following)} times as fast as cronsim "
        f"(aim: at least 3).\n{a_day_of_ten_thousand_jobs()}"
    )


def a_day_of_ten_thousand_jobs() -> str:
    schedules = [Schedule(USUAL[n % 9], ZONES[n % 7 % 3]) for n in range(10_000)]
    start = perf_counter()
    occurrences = sum(len(list(schedule.between(NOW, NOW + timedelta(days=1)))) for schedule in schedules)
    took = perf_counter() - start
    return f"{occurrences:,} occurrences of 10,000 jobs in the next 24 hours: {took:.2f} s (aim: at most 2)."
