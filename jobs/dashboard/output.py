"""What a run wrote, as a terminal shows it: its end, what comes before and after, what was found, and the bytes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.urls import reverse

from jobs.access.actor import Actor
from jobs.choices import Verb
from jobs.dashboard.pages import HEADERS, Context, download, page
from jobs.formats import counted, size
from jobs.models import Run
from jobs.reading import transcript
from jobs.reading.output.find import find
from jobs.reading.output.lines import Line, cursor_of_line, lines_of
from jobs.reading.output.pieces import Pieces, read_after, read_before
from jobs.reading.seen import run_of

# What a page shows at once: so many bytes, or fewer where they are more lines.
SHOWN = 32 * 1024
MOST_LINES = 500
# How many lines before the one that a link names.
LEAD = 20
TRACEBACK = "Traceback (most recent call last):"


@dataclass(frozen=True, slots=True)
class Row:
    """A line for the template. `at` is given where it differs from that of the line before, to the second."""

    line: Line
    key: str
    href: str
    at: datetime | None
    is_stderr: bool


@page("output.html", part="lines.html")
def output(request: HttpRequest, actor: Actor, pk: int) -> Context:
    """A part of the output: its end, or by `after`, `before` or `line`; with `find`, the lines that hold that."""
    run = run_of(actor, pk, Verb.OUTPUT)
    asked = request.GET
    attempt = _number(asked.get("attempt", ""))
    shown = {
        "title": f"Output of run {pk}",
        "at": "runs",
        "run": run,
        "attempt": attempt,
        "may_read": True,
        "live": True,
        "find": asked.get("find", ""),
    }
    if shown["find"]:
        return shown | found(run, asked["find"], asked.get("from") or None, attempt)
    return shown | box(run, _asked_for(run, asked, attempt), asked.get("style", ""), opens_at_end="line" not in asked)


@download
def raw(request: HttpRequest, actor: Actor, pk: int) -> HttpResponseBase:
    """The bytes of an attempt, in the browser or as a file."""
    run = run_of(actor, pk, Verb.OUTPUT)
    attempt = transcript.output_of(pk, _number(request.GET.get("attempt", "")))
    response = HttpResponse(
        b"".join(transcript.pieces(attempt)), content_type="text/plain; charset=utf-8", headers=HEADERS
    )
    if "download" in request.GET:
        response["Content-Disposition"] = f'attachment; filename="{run.job}-{pk}-{attempt.number}.txt"'
    return response


def tail(run_id: int, attempt: int | None = None) -> Pieces:
    """The end of what a run wrote."""
    return _bounded(lambda limit: read_after(run_id, tail=limit, attempt=attempt), slice(-MOST_LINES - 1, None))


def _bounded(read: Callable[[int], Pieces], lines: slice) -> Pieces:
    """What is read of so many bytes; of fewer, where these are more lines. Three queries, or six."""
    found = read(SHOWN)
    if found.text.count("\n") <= MOST_LINES:
        return found
    return read(len("\n".join(found.text.split("\n")[lines]).encode()))


def box(run: Run, read: Pieces, style: str = "", *, opens_at_end: bool = True) -> Context:
    """What the template of the lines needs."""
    lines = lines_of(read, style)
    base = reverse("nightshift:output", args=[run.pk])
    rows = [_row(line, read.attempt, base) for line in lines.finished]
    last = [_row(lines.unfinished, read.attempt, base)] if lines.unfinished else []
    return {
        "rows": _with_times(rows + last),
        "is_unfinished": bool(last) and not read.complete,
        "opens_at_end": opens_at_end,
        "source": base,
        "again": str(read.again),
        "style": lines.style,
        "wait": read.retry_after,
        "part_tag": f'"{read.again}/{read.next}/{read.retry_after}"',
        "earlier": f"{base}?{urlencode({'before': str(read.before)})}" if read.before else "",
        "later": f"{base}?{urlencode({'after': str(read.again), 'style': lines.style})}"
        if read.retry_after == 0
        else "",
        "notes": read.notes,
        "on_stderr": _on_stderr(rows + last, read),
    }


def found(run: Run, needle: str, place: str | None, attempt: int | None) -> Context:
    """The lines that hold the needle, and where the search goes on."""
    result = find(run.pk, needle, place, attempt=attempt)
    base = reverse("nightshift:output", args=[run.pk])
    lines = counted(len(result.matches), "line")
    more = urlencode({"find": needle, "from": str(result.next)}) if result.next else ""
    total = counted(sum(match.count for match in result.matches), "place")
    return {
        "matches": [
            (match, _address(base, match.at.attempt, match.number), _pieces(match.text, needle))
            for match in result.matches
        ],
        "summary": f"{total} in {lines}{', and there is more to search' if more else ''}."
        if result.matches
        else "Not found.",
        "more": f"?{more}" if more else "",
    }


def _asked_for(run: Run, asked: Any, attempt: int | None) -> Pieces:
    first, last = slice(MOST_LINES), slice(-MOST_LINES - 1, None)
    if after := asked.get("after"):
        return _bounded(lambda limit: read_after(run.pk, after, limit=limit), first)
    if before := asked.get("before"):
        return _bounded(lambda limit: read_before(run.pk, before, limit=limit), last)
    if line := _number(asked.get("line", "")):
        place = str(cursor_of_line(run.pk, max(line - LEAD, 1), attempt))
        return _bounded(lambda limit: read_after(run.pk, place, limit=limit), first)
    return tail(run.pk, attempt)


def _number(text: str) -> int | None:
    """A number that the database can compare with an attempt's or a line's; None for any other text."""
    return int(text) if text.isdecimal() and len(text) < 10 and int(text) else None


def _row(line: Line, attempt: int, base: str) -> Row:
    key = f"L{attempt}.{line.number}" if line.number else ""
    is_stderr = any("stderr" in segment.classes for segment in line.segments)
    return Row(line, key, _address(base, attempt, line.number), line.at, is_stderr)


def _address(base: str, attempt: int, number: int | None) -> str:
    """A line's permanent address; empty where its number isn't known."""
    return f"{base}?attempt={attempt}&line={number}#L{attempt}.{number}" if number else ""


def _with_times(rows: list[Row]) -> list[Row]:
    shown, found = None, []
    for row in rows:
        second = row.at.replace(microsecond=0) if row.at else None
        found.append(Row(row.line, row.key, row.href, None if second == shown else second, row.is_stderr))
        shown = second
    return found


def _on_stderr(rows: Sequence[Row], read: Pieces) -> str:
    """How many of these lines were written to stderr."""
    count = sum(row.is_stderr for row in rows)
    where = f" in the last {size(SHOWN)}" if read.before else ""
    return f"{counted(count, 'line')} on stderr{where}" if count else ""


def _pieces(text: str, needle: str) -> list[tuple[str, bool]]:
    """The text in parts, each with whether it is what was looked for."""
    within = text.lower() if needle == needle.lower() else text
    # Some letters change their length with their case: such a line is shown without marks.
    if len(within) != len(text):
        return [(text, False)]
    parts, place = [], 0
    while (at := within.find(needle, place)) >= 0:
        parts += [(text[place:at], False), (text[at : at + len(needle)], True)]
        place = at + len(needle)
    return [*parts, (text[place:], False)]


def traceback_of(rows: Sequence[Row]) -> list[Row]:
    """The last traceback among these lines; empty where there is none."""
    begin = next((place for place in reversed(range(len(rows))) if rows[place].line.text.startswith(TRACEBACK)), None)
    if begin is None:
        return []
    indented = takewhile(lambda row: row.line.text.startswith(" ") or not row.line.text, rows[begin + 1 :])
    end = begin + 1 + len(list(indented))
    return list(rows[begin : end + 1])
