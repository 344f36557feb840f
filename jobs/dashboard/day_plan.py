"""The day plan: of the next 24 hours, when each job starts, how long it usually takes, and where it gets crowded."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.urls import reverse
from django.utils.html import escape, format_html
from django.utils.safestring import SafeString

from jobs.conf import conf
from jobs.dashboard.moments import iso
from jobs.formats import NOTHING, counted, format_duration
from jobs.reading import load
from jobs.reading.board import Standing
from jobs.reading.load import MINUTE, Busy, Crowd

HOURS = 24
MINUTES = HOURS * 60
# More rows are folded: those of the jobs that are at work for the shortest time.
ROWS = 24
# A job that starts more often is drawn as a band: its starts would touch.
OFTEN = 48
# Of the curve above the rows: its height, and how many minutes each step has.
HEIGHT, STEP = 40, 5
# In minutes: a box of fewer couldn't be seen.
NARROWEST = 4


@dataclass(frozen=True, slots=True)
class Row:
    """A job's row, and the same in figures."""

    busy: Busy
    begin: datetime

    @property
    def first(self) -> datetime:
        ahead = [start for start in (*self.busy.starts, *self.busy.skipped) if start >= 0]
        return self.begin + min(ahead, default=0) * MINUTE

    @property
    def times(self) -> int:
        return len([start for start in self.busy.starts if start >= 0])

    # No template for these two: with 500 jobs it would take longer than all else of the page.
    @property
    def drawn(self) -> SafeString:
        name = escape(self.busy.job.name)
        return SafeString(f"<div class=row><a href={_jobs()}{name}/>{name}</a>{_svg(self.busy)}</div>")

    @property
    def figures(self) -> SafeString:
        first, usual = self.first, self.busy.usual
        cells = (
            escape(self.busy.job.name),
            f"<time datetime={iso(first)} data-as=clock>{first:%H:%M}</time>",
            str(self.times or "skipped"),
            format_duration(usual.p50) if usual else NOTHING,
            format_duration(usual.p90) if usual else NOTHING,
        )
        return SafeString(f"<tr><td>{'<td>'.join(cells)}")


def day_plan(
    standings: Iterable[Standing], now: datetime, zone: ZoneInfo, *, everything: bool = False
) -> dict[str, Any]:
    """What the template `day_plan.html` needs."""
    begin = now.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    found = load.busy(standings, begin, timedelta(hours=HOURS))
    loads = load.at_work(found, MINUTES)
    crowds = load.crowds(loads, conf.JOBS_MAX_RUNNING)
    rows = found if everything else sorted(found, key=lambda each: -each.total)[:ROWS]
    most = max(loads, default=0)
    return {
        "rows": sorted((Row(each, begin) for each in rows), key=lambda row: (len(row.busy.starts) > OFTEN, row.first)),
        "folded": len(found) - len(rows),
        "due": len(found),
        "hours": [f"{begin + timedelta(hours=hour):%H}" for hour in range(0, HOURS, 3)],
        "chart": _chart(loads, crowds, now - begin, most) if found else "",
        "most": most,
        "most_at": begin + loads.index(most) * MINUTE,
        "slots": conf.JOBS_MAX_RUNNING,
        "crowds": [(begin + crowd.begin * MINUTE, begin + crowd.end * MINUTE, crowd.most) for crowd in crowds[:6]],
        "more_crowds": len(crowds[6:]),
    }


def _chart(loads: Sequence[int], crowds: Sequence[Crowd], past: timedelta, most: int) -> SafeString:
    """How many are at work, over the day. The crowded minutes are drawn once, and used by every row."""
    heights = [max(loads[at : at + STEP]) for at in range(0, len(loads), STEP)]
    path, before = f"M0 {HEIGHT}", 0
    for place, height in enumerate(heights):
        if height != before:
            path += f"H{place * STEP}V{HEIGHT - round(height * (HEIGHT - 2) / max(most, 1))}"
            before = height
    band = "".join(f"M{crowd.begin} 0h{max(crowd.end - crowd.begin, 4)}v{HEIGHT}H{crowd.begin}z" for crowd in crowds)
    return format_html(
        '<svg class="load" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{}">'
        '<path id="crowd" class="crowd" d="{}"/><path class="curve" d="{}H{}V{}z"/>'
        '<path id="now" class="now" d="M{} 0v{}"/></svg>',
        MINUTES,
        HEIGHT,
        f"Runs at work in each minute: at most {most}",
        band or "M0 0",
        path,
        MINUTES,
        HEIGHT,
        past // MINUTE,
        HEIGHT,
    )


def _jobs() -> str:
    return escape(reverse("nightshift:jobs"))


def _svg(busy: Busy) -> str:
    """From each start as long as half of the runs take, paler as long as nine in ten do; hollow where it is skipped."""
    parts = []
    if len(busy.starts) > OFTEN:
        parts.append(("often", _band(busy.starts[0], busy.starts[-1] + busy.most)))
    else:
        if busy.most > max(busy.half, NARROWEST):
            parts.append(("upto", _bars(busy.starts, busy.most)))
        parts.append(("usual", _bars(busy.starts, busy.half)))
    if len(busy.skipped) > OFTEN:
        parts.append(("none", _band(busy.skipped[0], busy.skipped[-1])))
    else:
        parts.append(("none", _bars(busy.skipped, busy.half)))
    paths = "".join(f'<path class={name} d="{path}"/>' for name, path in parts if path)
    # Numbers and words of ours: nothing in it needs to be escaped.
    return (
        f'<svg viewBox="0 0 {MINUTES} 16" preserveAspectRatio=none role=img aria-label="{_said(busy)}">'
        f'<use href="#crowd"/>{paths}<use href="#now"/></svg>'
    )


def _band(first: int, last: int) -> str:
    return f"M{max(first, 0)} 8H{min(last, MINUTES)}"


def _bars(starts: Sequence[int], minutes: int) -> str:
    """A stroke from each start, each moved to from the end of the one before: 500 jobs are to fit into a page."""
    text, at = "", 0
    for start in starts:
        begin, end = max(start, 0), min(start + max(minutes, NARROWEST), MINUTES)
        if start + minutes > 0 and end > begin:
            text += f"m{begin - at} 0h{end - begin}" if text else f"M{begin} 8h{end - begin}"
            at = end
    return text


def _said(busy: Busy) -> str:
    times = counted(len(busy.starts), "time") if busy.starts else f"skipped {counted(len(busy.skipped), 'time')}"
    return (
        f"{times}, usually for {format_duration(busy.usual.p50)}"
        if busy.usual
        else f"{times}, for how long isn't known"
    )
