"""Rows of the tables of a job's page. No template is asked: they would take longer than all else of the page."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.utils.html import escape
from django.utils.safestring import SafeString

from jobs.dashboard import moments
from jobs.dashboard.durations import Point
from jobs.dashboard.tags import percent, thousands
from jobs.dashboard.words import WORDS
from jobs.formats import format_duration
from jobs.reading.year import Reliability

# Of a month's counts: its heading, and what of the ledger it counts.
COUNTS: Sequence[tuple[str, str, dict[str, str]]] = (
    ("due", "Due", {"for": "due"}),
    ("ran", "Ran", {"for": "due", "show": "ran"}),
    ("ok", "Ok", {"for": "due", "show": "ok"}),
    ("late", "Late", {"for": "late"}),
    ("skipped", "Skipped", {"for": "due", "show": "skipped"}),
    ("missed", "Missed", {"for": "due", "show": "missed"}),
)
ASKED = ("asked", "Asked for", {"for": "asked for", "show": "ran"})


def months(found: Iterable[tuple[date, Reliability]]) -> list[SafeString]:
    """Each number leads to the part of the ledger that it counts, by links relative to the job's page."""
    return [_month(f"{month:%Y-%m}", f"{month:%B %Y}", counts) for month, counts in found]


def _month(when: str, name: str, counts: Reliability) -> SafeString:
    cells = [
        f"<td data-label=Month><a href=ledger/?when={when}>{name}</a>",
        *(_count(counts, when, *each) for each in COUNTS),
        f'<td data-label="Share ok" class=n>{percent(counts.share)}',
        _count(counts, when, *ASKED),
    ]
    return SafeString(f"<tr>{''.join(cells)}\n")


def _count(counts: Reliability, when: str, name: str, heading: str, of: dict[str, str]) -> str:
    count = getattr(counts, name)
    shown = thousands(count)
    if count:
        shown = f'<a href="ledger/?{escape(urlencode({"when": when} | of))}">{shown}</a>'
    return f'<td data-label="{heading}" class=n>{shown}'


def durations(points: Iterable[Point], now: datetime, zone: ZoneInfo) -> Iterator[SafeString]:
    """What the chart draws, in figures. The stylesheet names the cells where they stand below each other."""
    for point in points:
        entry = point.entry
        at = moments.shown(entry.at, "clock", now, zone)
        cells = (
            f"<time datetime={moments.iso(entry.at)} data-as=clock>{at}</time>",
            f'<span class="state {entry.fate}">{WORDS[entry.fate]}</span>',
            format_duration(entry.duration),
            point.band,
            f"{escape(entry.release)}{' <b>new</b>' if point.release else ''}",
        )
        yield SafeString(f"<tr><td>{'<td>'.join(cells)}")
