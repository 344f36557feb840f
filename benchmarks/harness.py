"""What every benchmark needs: rounds that alternate, CPU and wall, medians, and rows of a table."""

import resource
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import NamedTuple, Protocol

# Ours and the yardstick alternate, so that a busy machine slows both.
ROUNDS = 11
TICKS_A_SECOND = 100  # how the kernel counts in /proc on every Linux


class Cost(NamedTuple):
    """What one turn took, in seconds."""

    wall: float
    cpu: float

    def __add__(self, other: "Cost") -> "Cost":  # type: ignore[override]
        return Cost(self.wall + other.wall, self.cpu + other.cpu)

    def times(self, factor: float) -> "Cost":
        return Cost(self.wall * factor, self.cpu * factor)


def cpu_of(process: int) -> float:
    """The CPU seconds of another process and of the children it has reaped, to a hundredth of a second."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return 0.0
    return sum(map(int, stat.rpartition(")")[2].split()[11:15])) / TICKS_A_SECOND


def parent(process: int) -> int | None:
    """The id of the process that started this one; None where it isn't on this machine."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return None
    return int(stat.rpartition(")")[2].split()[1])


def cpu() -> float:
    """The CPU seconds of this process and of the children it has reaped."""
    usages = (resource.getrusage(resource.RUSAGE_SELF), resource.getrusage(resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in usages)


@dataclass(frozen=True, kw_only=True)
class Side:
    """Something to measure: `work` is called `times` in a turn, after `prepare`, which isn't measured.

    `helpers` gives the ids of other processes that work for it, each with the children it reaps.
    """

    work: Callable[[], object]
    times: int = 1
    prepare: Callable[[], object] = lambda: None
    helpers: Callable[[], Sequence[int]] = tuple

    def cost(self) -> Cost:
        """What one call takes."""
        self.prepare()
        helped = self._helped()
        used, before = cpu(), perf_counter()
        for _ in range(self.times):
            self.work()
        wall, used = perf_counter() - before, cpu() - used
        return Cost(wall, used + self._helped() - helped).times(1 / self.times)

    def _helped(self) -> float:
        return sum(map(cpu_of, self.helpers()))


class Measured(Protocol):
    """What is measured in turn with something else."""

    def cost(self) -> Cost: ...


def rounds(*sides: Measured) -> list[list[Cost]]:
    """Measure the sides in turn, round after round; for each side its costs. One round before them warms up."""
    for side in sides:
        side.cost()
    measured = [[side.cost() for side in sides] for _ in range(ROUNDS)]
    return [list(costs) for costs in zip(*measured, strict=True)]


class Figure(NamedTuple):
    """What was found for a row of the table, what is aimed at, and whether that is met."""

    found: str
    aim: str
    met: bool


class Ratios(NamedTuple):
    median: float
    least: float
    most: float

    def __str__(self) -> str:
        return f"{number(self.median)} ({number(self.least)}–{number(self.most)})"


def number(value: float) -> str:
    """At least two digits, and no more than a reader needs."""
    return f"{value:.2f}" if value < 10 else f"{value:,.1f}" if value < 100 else f"{value:,.0f}"


@dataclass(frozen=True, kw_only=True)
class Row:
    """One line of the table.

    `faster`: the ratio says how many times as fast ours is, otherwise how many times as expensive. `items`: how many
    things a call's time is given for, such as lines.
    """

    what: str
    yardstick: str
    ours: list[Cost]
    theirs: list[Cost]
    faster: bool = False
    rate: str = ""
    items: int = 1

    def ratios(self, of: Callable[[Cost], float]) -> Ratios:
        found = [
            of(theirs) / of(ours) if self.faster else of(ours) / of(theirs)
            for ours, theirs in zip(self.ours, self.theirs, strict=True)
        ]
        return Ratios(median(found), min(found), max(found))

    def __str__(self) -> str:
        what, takes, yardstick, theirs, wall, cpu = self.cells()
        return f"{what}: {takes}; {yardstick}: {theirs}; ratio by the clock {wall}, by CPU {cpu}"

    def cells(self) -> list[str]:
        """What a table shows of it."""
        wall, cpu = self.by_wall(), self.by_cpu()
        return [self.what, self._taken(self.ours), self.yardstick, self._taken(self.theirs), str(wall), str(cpu)]

    def by_wall(self) -> Ratios:
        return self.ratios(lambda cost: cost.wall)

    def by_cpu(self) -> Ratios:
        return self.ratios(lambda cost: cost.cpu)

    def figure(self, ratios: Ratios, aim: float, name: str = "") -> Figure:
        """The ratios beside what is aimed at: at most so many times as expensive, or at least so many times as fast."""
        met = ratios.median >= aim if self.faster else ratios.median <= aim
        return Figure(f"{name or self.what}: {ratios}", f"at {'least' if self.faster else 'most'} {aim:g}", met)

    def _taken(self, costs: list[Cost]) -> str:
        wall, cpu = median(cost.wall for cost in costs), median(cost.cpu for cost in costs)
        if self.rate:
            return f"{self.items / wall:,.0f} {self.rate} ({duration(cpu / self.items)} CPU each)"
        return f"{duration(wall)} ({duration(cpu)} CPU)"


@dataclass(frozen=True, kw_only=True)
class Result:
    """All that was measured for one row of the table (`report.ROWS`).

    `figures` are judged; `compared` shows what they come from, or `lines` under `headings` where nothing is compared;
    `notes` say how it was measured, and what holds back where an aim isn't met. Each note is a line of Markdown. One
    that isn't `kept` is only printed: it was measured with less than the row says.
    """

    row: int
    figures: Sequence[Figure]
    compared: Sequence[Row] = ()
    notes: Sequence[str] = ()
    headings: Sequence[str] = ()
    lines: Sequence[Sequence[str]] = ()
    kept: bool = True


HEADINGS = ["What", "takes", "over", "which takes", "ratio, wall", "ratio, CPU"]


def duration(seconds: float) -> str:
    return f"{seconds * 1e3:.2f} ms" if seconds >= 1e-4 else f"{seconds * 1e6:.2f} µs"


def table(headings: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """A table in Markdown."""
    rule = ["---"] * len(headings)
    return "".join(f"| {' | '.join(cells)} |\n" for cells in [headings, rule, *lines])
