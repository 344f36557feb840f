"""Our expressions against cronsim's: parsing one, and finding its next occurrence."""

from datetime import UTC, datetime, timedelta
from statistics import median
from time import perf_counter

from cronsim import CronSim

from benchmarks.harness import Cost, Figure, Result, Row, Side, number, rounds
from jobs.schedule import ncrontab
from jobs.schedule.ncrontab import Expression
from jobs.schedule.occurrences import Schedule

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
# Different texts of fields that have all been read: what a project's next declaration most often is.
NEW = [f"{minute} {hour} * * *" for hour in range(24) for minute in range(60)]
LEAP_DAY = "0 0 29 2 *"
ZONES = ["UTC", "Europe/Berlin", "America/Los_Angeles"]
NOW = datetime(2026, 3, 14, 15, 9, 26, tzinfo=UTC)
WALL = NOW.replace(tzinfo=None)


def measure() -> list[Result]:
    every = [*USUAL, LEAP_DAY]
    rows = [*map(parsing, every), parsing_new(), *map(parsing_cold, every), *map(the_next, every)]
    return [Result(row=9, figures=figures(rows), compared=rows, notes=NOTES)]


def parsing(text: str) -> Row:
    """A text whose fields have been read: what each costs is kept, by its text."""
    ours, theirs = rounds(
        Side(work=lambda: Expression(text), times=CALLS), Side(work=lambda: CronSim(text, WALL), times=CALLS)
    )
    return _row(f"parse `{text}`, its fields read before", ours, theirs)


def parsing_new() -> Row:
    """Each text once, after the fields of all have been read."""
    for text in NEW:
        Expression(text)
    ours, theirs = rounds(
        Side(work=lambda: [Expression(text) for text in NEW]), Side(work=lambda: [CronSim(text, WALL) for text in NEW])
    )
    each = 1 / len(NEW)
    return _row(
        f"parse each of {len(NEW):,} texts once", [c.times(each) for c in ours], [c.times(each) for c in theirs]
    )


def parsing_cold(text: str) -> Row:
    """A text of which no field has been read. The time that it takes to forget them is taken off."""

    def forget() -> None:
        for read in ncrontab.READERS:
            read.cache_clear()

    def forget_and_parse() -> None:
        forget()
        Expression(text)

    both, theirs, forgetting = rounds(
        Side(work=forget_and_parse, times=CALLS),
        Side(work=lambda: CronSim(text, WALL), times=CALLS),
        Side(work=forget, times=CALLS),
    )
    ours = [one + other.times(-1) for one, other in zip(both, forgetting, strict=True)]
    return _row(f"first parse of `{text}`, nothing read before", ours, theirs)


def the_next(text: str) -> Row:
    expression, simulation = Expression(text), CronSim(text, WALL)

    def cronsim() -> None:
        simulation.dt = WALL  # cronsim goes on from its last answer
        next(simulation)

    ours, theirs = rounds(Side(work=lambda: expression.next(WALL), times=CALLS), Side(work=cronsim, times=CALLS))
    return _row(f"the next of `{text}`", ours, theirs)


def _row(what: str, ours: list[Cost], theirs: list[Cost]) -> Row:
    return Row(what=what, yardstick="cronsim", ours=ours, theirs=theirs, faster=True)


NOTES = [
    "The figures are the medians of the nine usual expressions, by CPU.",
    "A process reads each field's text once and keeps it: a declaration whose fields others have costs `parse`. A "
    "first parse reads six fields, each with its one spelling and what may not be meant by it.",
]


def figures(rows: list[Row]) -> list[Figure]:
    """The median of the nine usual expressions, and a day of ten thousand jobs."""
    found = []
    for word, aim in (("the next", 4), ("parse `", 4), ("first parse", 1)):
        usual = [row for row in rows if row.what.startswith(word) and LEAP_DAY not in row.what]
        ratio = median(row.by_cpu().median for row in usual)
        found.append(Figure(f"{word.strip(' `')}: {number(ratio)} times as fast", f"at least {aim}", ratio >= aim))
    return [*found, a_day_of_ten_thousand_jobs()]


def a_day_of_ten_thousand_jobs() -> Figure:
    schedules = [Schedule(USUAL[n % 9], ZONES[n % 7 % 3]) for n in range(10_000)]
    start = perf_counter()
    occurrences = sum(len(list(schedule.between(NOW, NOW + timedelta(days=1)))) for schedule in schedules)
    took = perf_counter() - start
    text = f"{occurrences:,} occurrences of 10,000 jobs in the next 24 hours: {took:.2f} s"
    return Figure(text, "at most 2 s", took <= 2)
