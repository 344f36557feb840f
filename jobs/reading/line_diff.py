"""Which lines differ between two texts: Myers' greedy way, within bounds of edits and of time. Pure but for the clock.

Lines that differ only in numbers, moments or ids count as alike: they differ from run to run, and say nothing.
"""

import re
import time
from collections.abc import Iterator, Sequence
from typing import NamedTuple

# More differences than that aren't read by anyone; nor does a page wait longer, in seconds.
MOST_EDITS = 400
SECONDS = 0.5
VARYING = re.compile(r"0x[0-9a-f]+|[0-9a-f]{8,}(?:-[0-9a-f]{4,})*|\d+", re.IGNORECASE)


class Part(NamedTuple):
    """Lines that are in both (` `, as the second has them), only in the first (`-`) or only in the second (`+`)."""

    sign: str
    lines: Sequence[str]


def diff(first: Sequence[str], second: Sequence[str]) -> list[Part] | None:
    """The parts in their order; None where they differ too much."""
    one, two = [_steady(line) for line in first], [_steady(line) for line in second]
    begin = _alike(one, two)
    end = _alike(one[begin:][::-1], two[begin:][::-1])
    edits = _edits(one[begin : len(one) - end], two[begin : len(two) - end])
    if edits is None:
        return None
    signs = " " * begin + edits + " " * end
    return list(_parts(signs, first, second))


def _steady(line: str) -> str:
    return VARYING.sub("0", line).rstrip()


def _alike(one: Sequence[str], two: Sequence[str]) -> int:
    """How many lines they begin with alike."""
    pairs = enumerate(zip(one, two, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(two)))


def _edits(one: Sequence[str], two: Sequence[str]) -> str | None:
    """A sign for each line of the shortest way from the one to the other; None beyond the bounds."""
    until = time.monotonic() + SECONDS
    furthest, trail = {1: 0}, []
    for depth in range(min(len(one) + len(two), MOST_EDITS) + 1):
        if time.monotonic() > until:
            return None
        trail.append(furthest.copy())
        for way in range(-depth, depth + 1, 2):
            is_down = way == -depth or (way != depth and furthest[way - 1] < furthest[way + 1])
            x = furthest[way + 1] if is_down else furthest[way - 1] + 1
            while x < len(one) and x - way < len(two) and one[x] == two[x - way]:
                x += 1
            furthest[way] = x
            if x >= len(one) and x - way >= len(two):
                return _walked_back(trail, len(one), len(two))
    return None


def _walked_back(trail: Sequence[dict[int, int]], x: int, y: int) -> str:
    signs: list[str] = []
    for depth in range(len(trail) - 1, -1, -1):
        furthest, way = trail[depth], x - y
        is_down = way == -depth or (way != depth and furthest[way - 1] < furthest[way + 1])
        before = way + 1 if is_down else way - 1
        from_x = furthest[before] if depth else 0
        from_y = from_x - before if depth else 0
        while x > from_x and y > from_y:
            signs.append(" ")
            x, y = x - 1, y - 1
        if depth:
            signs.append("+" if is_down else "-")
            x, y = from_x, from_y
    return "".join(reversed(signs))


def _parts(signs: str, first: Sequence[str], second: Sequence[str]) -> Iterator[Part]:
    in_first = in_second = 0
    for group in re.finditer(r" +|-+|\++", signs):
        sign, length = group[0][0], len(group[0])
        lines, place = (first, in_first) if sign == "-" else (second, in_second)
        yield Part(sign, lines[place : place + length])
        in_first += length if sign != "+" else 0
        in_second += length if sign != "-" else 0
