"""Two runs of a job beside each other: what they were started with, what they cost, and what they wrote."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from django.db.models import Q

from jobs.choices import InterventionKind
from jobs.formats import NOTHING, as_shown, command_line, format_duration, size
from jobs.models import Attempt, Intervention, Run
from jobs.reading import history
from jobs.reading.line_diff import Part, diff
from jobs.reading.output.chunks import END, backward
from jobs.reading.output.cursor import Cursor
from jobs.reading.overview import visible_arguments

# So much of the end of each output is compared, in bytes and in lines.
BYTES, LINES = 256 * 1024, 5_000


class Fact(NamedTuple):
    """The same of both runs, as a person reads it. `matters` is False of what differs from run to run anyway."""

    name: str
    one: str
    other: str
    matters: bool = True

    @property
    def differs(self) -> bool:
        return self.one != self.other


@dataclass(frozen=True, slots=True)
class Outputs:
    """The difference of two outputs; None where they differ too much. `is_part`: only their ends were compared."""

    parts: list[Part] | None
    is_part: bool

    @property
    def is_alike(self) -> bool:
        return self.parts is not None and all(part.sign == " " for part in self.parts)


def last_attempts(*runs: int) -> dict[int, Attempt]:
    """The latest attempt of each of these runs that has one."""
    return {attempt.run_id: attempt for attempt in Attempt.objects.filter(run__in=runs).order_by("number")}


def facts(one: Run, other: Run, attempts: dict[int, Attempt]) -> list[Fact]:
    """What the two runs were and cost. One query."""
    first, second = attempts.get(one.pk), attempts.get(other.pk)
    overrides = _overrides(one, other)

    def of_attempts(name: str, say: Callable[[Any], str] = str) -> tuple[str, str]:
        return _said(first, name, say), _said(second, name, say)

    return [
        Fact("Status", one.get_status_display(), other.get_status_display()),
        Fact("Arguments", _arguments(one), _arguments(other)),
        Fact("Override", overrides[one.pk], overrides[other.pk]),
        Fact("Trigger", one.get_trigger_display(), other.get_trigger_display()),
        Fact("Release", *of_attempts("release")),
        Fact("Instance", *of_attempts("instance")),
        Fact("Attempts", str(one.attempt), str(other.attempt)),
        Fact("Exit code", *of_attempts("exit_code")),
        Fact("Took", *of_attempts("wall", format_duration), matters=False),
        Fact("CPU", *of_attempts("cpu", format_duration), matters=False),
        Fact("Peak memory", *of_attempts("peak_memory", size), matters=False),
        Fact("SQL statements", *of_attempts("sql_statements", "{:,}".format)),
        Fact("Output", *of_attempts("output_bytes", size)),
        Fact("Result", _result(one), _result(other)),
    ]


def _arguments(run: Run) -> str:
    return command_line(visible_arguments(run)) or "none"


def _said(attempt: Attempt | None, name: str, say: Callable[[Any], str]) -> str:
    value = getattr(attempt, name, None)
    return NOTHING if value is None or value == "" else say(value)


def _result(run: Run) -> str:
    text = NOTHING if run.result is None else json.dumps(run.result, ensure_ascii=False, sort_keys=True)
    return text if len(text) <= 500 else f"{text[:500]}…"


def _overrides(*runs: Run) -> dict[int, str]:
    """Of each run the override that was in force when it was queued, in words."""
    found = list(
        Intervention.objects.filter(
            Q(ended_at=None) | Q(ended_at__gt=min(run.created_at for run in runs)),
            job=runs[0].job,
            kind=InterventionKind.OVERRIDE,
            began_at__lte=max(run.created_at for run in runs),
        ).order_by("-began_at")[:50]
    )
    return {run.pk: next((history.what(each) for each in found if each.covers(run.created_at)), "none") for run in runs}


def outputs(one: Attempt, other: Attempt) -> Outputs:
    """What the attempts wrote, line by line, as a terminal leaves it. Two queries."""
    first, second = _lines(one), _lines(other)
    is_part = any(attempt.output_bytes > BYTES for attempt in (one, other)) or LINES in (len(first), len(second))
    return Outputs(diff(first, second), is_part)


def _lines(attempt: Attempt) -> Sequence[str]:
    chunks = backward(attempt.pk, Cursor(attempt.number, *END), BYTES)
    text = b"".join(chunk.body for chunk in chunks).decode(errors="replace")
    return as_shown(text).splitlines()[-LINES:]
