"""How long the latest runs took: each a mark, over the band of what was usual, with a line where a release came."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, timedelta
from itertools import groupby
from zoneinfo import ZoneInfo

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.choices import Status
from jobs.dashboard.words import WORDS
from jobs.formats import counted, format_duration, shorten
from jobs.reading.fates import Entry

type Usual = Mapping[date, tuple[timedelta, timedelta]]

LEFT, RIGHT, TOP, HEIGHT, BOTTOM = 84, 12, 18, 132, 22
# Few runs spread over the width of a page; many stand close, and the chart scrolls.
CLOSE, WIDE, PAGE = 11, 40, 1000
# How wide a date is below the axis.
DATE = 80
RELEASE_LENGTH = 10
# What took longer than so many times p95 stands at the upper edge.
BEYOND = 3


@dataclass(frozen=True, kw_only=True, slots=True)
class Point:
    """An entry with what was usual then, and the release that came with it; empty where that is the one before."""

    entry: Entry
    usual: tuple[timedelta, timedelta] | None
    release: str

    @property
    def band(self) -> str:
        return " to ".join(map(format_duration, self.usual)) if self.usual else ""


def points(newest_first: Sequence[Entry], usual: Usual) -> list[Point]:
    """Oldest first."""
    found: list[Point] = []
    release = ""
    for entry in reversed(newest_first):
        new = entry.release if entry.release and release and entry.release != release else ""
        release = entry.release or release
        found.append(Point(entry=entry, usual=usual.get(entry.at.astimezone(UTC).date()), release=new))
    return found


def durations(shown: Sequence[Point], zone: ZoneInfo) -> SafeString:
    """The chart, with everything that it says in words beside it."""
    highest = _highest(shown)
    base = TOP + HEIGHT

    def level(seconds: float) -> float:
        return round(base - HEIGHT * min(seconds / highest, 1.0), 1)

    width = LEFT + _step(shown) * len(shown) + RIGHT
    return format_html(
        '<svg class=plot width={} height={} viewBox="0 0 {} {}" role=img aria-label="{}">{}{}{}{}</svg>',
        width,
        base + BOTTOM,
        width,
        base + BOTTOM,
        said(shown),
        _axis(shown, zone, highest, width, level),
        format_html_join("", '<path class=band d="{}"/>', ((path,) for path in _band(shown, level))),
        format_html_join(
            "", "<path class=release d=M{}v{} /><text class=release x={} y=10>{}</text>", _releases(shown)
        ),
        format_html_join(
            "",
            '<path class="mark {}" d="{}"><title>{}</title></path>',
            (
                (point.entry.fate, _mark(point.entry, x, level), _title(point.entry, zone))
                for x, point in _placed(shown)
            ),
        ),
    )


def legend() -> SafeString:
    """What the shapes of the marks mean."""
    return format_html(
        "<ul class=legend>{}</ul>",
        format_html_join(
            "",
            '<li><svg class=plot width=12 height=12 aria-hidden=true><path class="mark {}" d="{}"/></svg>{}</li>',
            ((fate, shape(6, 6), WORDS[fate]) for fate, shape in SHAPES.items()),
        ),
    )


def said(shown: Sequence[Point]) -> str:
    """The chart in a sentence."""
    took = [entry.seconds for point in shown if (entry := point.entry).seconds is not None]
    wrong = sum(point.entry.count for point in shown if point.entry.fate not in {Status.SUCCEEDED, Status.SKIPPED})
    if not took:
        return "No run has ended yet"
    longest = format_duration(timedelta(seconds=max(took)))
    return f"Durations of the latest {counted(len(took), 'run')}, at most {longest}; {wrong} didn't succeed"


def _highest(shown: Sequence[Point]) -> float:
    """Where the chart ends, in seconds: a few that took far longer than usual would flatten the others."""
    longest = max((point.entry.seconds or 0.0 for point in shown), default=0.0)
    usual = max((point.usual[1].total_seconds() for point in shown if point.usual), default=longest)
    return max(min(longest, BEYOND * usual), usual) or 1.0


def _step(shown: Sequence[Point]) -> int:
    return min(max(PAGE // max(len(shown), 1), CLOSE), WIDE)


def _placed(shown: Sequence[Point]) -> Iterator[tuple[int, Point]]:
    step = _step(shown)
    return ((LEFT + step * place + step // 2, point) for place, point in enumerate(shown))


def _axis(
    shown: Sequence[Point], zone: ZoneInfo, highest: float, width: int, level: Callable[[float], float]
) -> SafeString:
    ticks = [(share * highest, level(share * highest)) for share in (0.0, 0.5, 1.0)]
    lines = format_html_join(
        "",
        '<path class=grid d="M{} {}H{}"/><text x={} y={} text-anchor=end>{}</text>',
        (
            (LEFT, y, width - RIGHT, LEFT - 6, y + 4, format_duration(timedelta(seconds=seconds)))
            for seconds, y in ticks
        ),
    )
    step = _step(shown)
    every = max(len(shown) // 5, DATE // step + 1)
    dates = format_html_join(
        "",
        "<text x={} y={}>{}</text>",
        (
            (x - step // 2, TOP + HEIGHT + 16, f"{point.entry.at.astimezone(zone):%-d %b %H:%M}")
            for place, (x, point) in enumerate(_placed(shown))
            if place % every == 0 and (place == 0 or place + every // 2 < len(shown))
        ),
    )
    return format_html("{}{}", lines, dates)


def _band(shown: Sequence[Point], level: Callable[[float], float]) -> Iterator[str]:
    half = _step(shown) / 2
    for known, group in groupby(_placed(shown), key=lambda placed: placed[1].usual is not None):
        if not known:
            continue
        together = [(x, *point.usual) for x, point in group if point.usual]
        above = [f"{x - half:g} {level(p95.total_seconds()):g}H{x + half:g}" for x, _, p95 in together]
        below = [f"{x + half:g} {level(p50.total_seconds()):g}H{x - half:g}" for x, p50, _ in reversed(together)]
        yield "M" + "L".join([*above, *below]) + "Z"


def _releases(shown: Sequence[Point]) -> Iterator[tuple[str, int, int, str]]:
    half = _step(shown) // 2
    for x, point in _placed(shown):
        if point.release:
            at = x - half
            yield f"{at},{TOP - 6}", HEIGHT + 6, at, shorten(point.release, RELEASE_LENGTH)


def _mark(entry: Entry, x: int, level: Callable[[float], float]) -> str:
    y = level(entry.seconds or 0.0)
    return SHAPES[entry.fate](x, y)


def _circle(x: int, y: float) -> str:
    return f"M{x - 3} {y:g}a3 3 0 1 0 6 0a3 3 0 1 0-6 0"


def _triangle(x: int, y: float) -> str:
    return f"M{x} {y - 5:g}l5 9h-10z"


def _hourglass(x: int, y: float) -> str:
    return f"M{x - 4} {y - 4:g}h8l-8 8h8z"


def _diamond(x: int, y: float) -> str:
    return f"M{x} {y - 5:g}l5 5l-5 5l-5-5z"


def _dash(x: int, y: float) -> str:
    return f"M{x - 4} {y - 1:g}h8v2h-8z"


def _square(x: int, y: float) -> str:
    return f"M{x - 3} {y - 3:g}h6v6h-6z"


SHAPES: dict[str, Callable[[int, float], str]] = {
    Status.SUCCEEDED: _circle,
    Status.FAILED: _triangle,
    Status.TIMED_OUT: _hourglass,
    Status.LOST: _diamond,
    Status.CANCELLED: _square,
    Status.SKIPPED: _dash,
    Status.MISSED: _circle,
}


def _title(entry: Entry, zone: ZoneInfo) -> str:
    when = f"{entry.at.astimezone(zone):%a %-d %b %H:%M}"
    if entry.run is None:
        return f"{when}: {counted(entry.count, 'occurrence')} {WORDS.get(entry.fate, entry.fate)}"
    took = f" after {format_duration(entry.duration)}" if entry.seconds is not None else ""
    return f"{when}: run {entry.run} {WORDS.get(entry.fate, entry.fate)}{took}"
