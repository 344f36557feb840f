"""Two calendars of a job as SVG: each day of a year by how it went, and the hours of a week at which it goes wrong."""

from collections import Counter
from datetime import date, timedelta

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from jobs.formats import counted
from jobs.reading.year import Day, Reliability, Year

CELL, LEFT, TOP = 14, 34, 18
WEEKDAYS = ("Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun")
# How a day is drawn: its shape says as much as its colour.
SHAPES = {
    "ok": "h10v10h-10z",
    "some": "h10v10h-10zm5 1l-4 8h8z",
    "bad": "m5 0l5 10h-10z",
    "missed": "m1 1h8v8h-8z",
    "idle": "m1 4h8v2h-8z",
}
LEGEND = (
    ("ok", "went well"),
    ("some", "partly went wrong"),
    ("bad", "went wrong"),
    ("missed", "missed only"),
    ("idle", "skipped or cancelled"),
)


def calendar(year: Year) -> SafeString:
    """A column a week, a row a weekday; days on which nothing was due are empty."""
    monday = year.first - timedelta(days=year.first.weekday())
    known = {day.day: day for day in year.days}
    weeks = (year.last - monday).days // 7 + 1
    # Words and numbers of ours: nothing in them needs to be escaped, and format_html takes five times as long.
    cells = "".join(
        f"<use href=#day-{each.kind} x={x} y={y}><title>{day:%a %-d %b}: {said(each)}</title></use>"
        for day, each in known.items()
        for x, y in (_place(day, monday),)
    )
    months = [
        (_place(day, monday)[0], f"{day:%b}")
        for offset in range(7, weeks * 7)
        if (day := monday + timedelta(days=offset)).day == 1 and day <= year.last
    ]
    return format_html(
        '<svg class="plot days" width={} height={} role=img aria-label="{}"><defs>{}</defs>{}{}{}{}</svg>',
        LEFT + weeks * CELL,
        TOP + 7 * CELL,
        f"{counted(len(year.days), 'day')} of the latest year: {_summary(year)}",
        format_html_join("", '<path id=day-{} d="M0 0{}"/>', SHAPES.items()),
        format_html_join("", "<text x={} y=11>{}</text>", months),
        format_html_join("", "<text x=0 y={}>{}</text>", ((TOP + CELL * row + 10, WEEKDAYS[row]) for row in (0, 2, 4))),
        _empty(year, monday, known),
        SafeString(cells),
    )


def said(day: Day) -> str:
    """What became of a day: "24 ok, 1 went wrong"."""
    total = day.total
    counts = (
        (total.ok + total.asked - total.asked_wrong, "ok"),
        (total.wrong + total.asked_wrong, "went wrong"),
        (total.missed, "missed"),
        (total.skipped, "skipped"),
    )
    return ", ".join(f"{count:,} {word}" for count, word in counts if count) or "cancelled"


def bad_days(year: Year, most: int) -> list[Day]:
    """Those on which something went wrong or was missed, the latest first."""
    return [day for day in reversed(year.days) if day.kind in {"some", "bad"} or day.total.missed][:most]


def total(year: Year) -> Reliability:
    found = Reliability()
    for day in year.days:
        found.add(day.total)
    return found


def legend() -> SafeString:
    return format_html(
        "<ul class=legend>{}</ul>",
        format_html_join(
            "",
            '<li><svg width=12 height=12 aria-hidden=true><path class={} d="M1 1{}"/></svg>{}</li>',
            ((kind, _shape(kind), words) for kind, words in LEGEND),
        ),
    )


def _summary(year: Year) -> str:
    kinds = Counter(day.kind for day in year.days)
    return ", ".join(f"{kinds[kind]} {words}" for kind, words in LEGEND if kinds[kind]) or "nothing was due"


def _empty(year: Year, monday: date, known: dict[date, Day]) -> SafeString:
    """A dot for each day on which nothing was."""
    every = (year.first + timedelta(days=offset) for offset in range((year.last - year.first).days + 1))
    dots = ((x + 4, y + 4) for x, y in (_place(day, monday) for day in every if day not in known))
    return format_html('<path class=none d="{}"/>', "".join(f"M{x} {y}h2v2h-2z" for x, y in dots))


def _place(day: date, monday: date) -> tuple[int, int]:
    week, weekday = divmod((day - monday).days, 7)
    return LEFT + week * CELL, TOP + weekday * CELL


def _shape(kind: str) -> str:
    return SHAPES[kind]


HOUR, ROW = 30, 26


def hours(found: Counter[tuple[int, int]], zone: str) -> SafeString:
    """A circle at each hour of each weekday, the larger the more went wrong, with the number in it."""
    most = max(found.values(), default=1)
    # Words and numbers of ours: nothing in them needs to be escaped. The keyboard reaches the same links in the table.
    circles = ""
    for (weekday, hour), count in sorted(found.items()):
        side = max(round(22 * (count / most) ** 0.5), 8)
        x, y = LEFT + hour * HOUR + HOUR // 2, TOP + weekday * ROW + ROW // 2
        circles += (
            f"<a tabindex=-1 href={_at(weekday, hour)}>"
            f"<title>{WEEKDAYS[weekday]} {hour:02}:00: {count}</title><circle cx={x} cy={y} r={side / 2:g} />"
            f"<text x={x} y={y + 4}>{count}</text></a>"
        )
    return format_html(
        '<svg class="plot hours" width={} height={} role=group aria-label="{}">{}{}{}</svg>',
        LEFT + 24 * HOUR,
        TOP + 7 * ROW,
        f"{found.total()} went wrong, by weekday and hour in {zone}: {_worst(found)}",
        format_html_join(
            "",
            "<text x={} y=11 text-anchor=middle>{}</text>",
            ((LEFT + hour * HOUR + HOUR // 2, f"{hour:02}") for hour in range(0, 24, 2)),
        ),
        format_html_join(
            "",
            "<text x=0 y={}>{}</text><path class=grid d=M{},{}h{} />",
            (
                (TOP + row * ROW + 17, name, LEFT, TOP + row * ROW + ROW // 2, 24 * HOUR)
                for row, name in enumerate(WEEKDAYS)
            ),
        ),
        SafeString(circles),
    )


def worst_hours(found: Counter[tuple[int, int]]) -> list[tuple[str, str, int, str]]:
    """The most first: weekday, hour, count, and where they are listed."""
    ordered = sorted(found.items(), key=lambda each: (-each[1], each[0]))
    return [(WEEKDAYS[weekday], f"{hour:02}:00", count, _at(weekday, hour)) for (weekday, hour), count in ordered]


def _at(weekday: int, hour: int) -> str:
    """What went wrong then, from the job's page."""
    return f"ledger/?hour={weekday}-{hour:02}"


def _worst(found: Counter[tuple[int, int]]) -> str:
    return ", ".join(f"{count} on {day} from {hour}" for day, hour, count, _ in worst_hours(found)[:3]) or "none"
