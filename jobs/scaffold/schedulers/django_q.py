"""django-q2: the rows of its model Schedule."""

import ast
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from jobs.scaffold.crontabs.expressions import translated
from jobs.scaffold.found import Reading, Untranslatable
from jobs.scaffold.schedulers.entries import entry, rows, shown
from jobs.scaffold.schedulers.intervals import every
from jobs.scaffold.schedulers.tasks import called_by, imported

# How many months lie between two runs.
MONTHS = {"M": 1, "BM": 2, "Q": 3, "Y": 12}


def read() -> Reading:
    """Each row, by the database of the project's settings."""
    reading = Reading()
    for row in rows("django_q", "Schedule").order_by("pk"):
        with entry(reading, f"schedule {row.name or row.pk!r}", row.func) as here:
            args, kwargs = _arguments(row)
            options = kwargs.pop("q_options", {})
            here.text = f"{shown(row.func, args, kwargs)} {row.get_schedule_type_display()}"
            _must_recur(row)
            expressions, notes = _when(row)
            called = called_by(imported(row.func), row.func, args, kwargs)
            here.declare(called, expressions, notes=(*notes, *_notes(row, options)))
    return reading


def _arguments(row: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """As django_q's own scheduler reads these two texts."""
    try:
        args = ast.literal_eval(row.args) if row.args else ()
        return args if isinstance(args, tuple) else (args,), _keywords(row.kwargs or "{}")
    except (ValueError, SyntaxError):
        raise Untranslatable("Its args or kwargs can't be read as Python's literals. Correct the row.") from None


def _keywords(text: str) -> dict[str, Any]:
    try:
        return dict(ast.literal_eval(text))
    except (ValueError, SyntaxError):
        call = ast.parse(f"f({text})", mode="eval").body
        if not isinstance(call, ast.Call) or any(keyword.arg is None for keyword in call.keywords):
            raise
        return {str(keyword.arg): ast.literal_eval(keyword.value) for keyword in call.keywords}


def _must_recur(row: Any) -> None:
    if row.schedule_type == "O":
        raise Untranslatable("It runs once. Ask for a run: `manage.py run`, with --at for a later time.")
    if row.repeats == 0:
        raise Untranslatable("It has no repeats left. Declare it if it should run again.")
    if row.repeats > 0:
        raise Untranslatable(
            f"It ends after {row.repeats} more runs, and a declaration has no end. Declare it if it should go on."
        )
    if row.intended_date_kwarg:
        raise Untranslatable(
            f"Its function gets the time in {row.intended_date_kwarg}. A command reads it by jobs.current_run()."
        )


def _notes(row: Any, options: Mapping[str, Any]) -> Iterator[str]:
    if row.hook:
        yield f"hook={row.hook} isn't called. Make it a command, and declare it with after=."
    if row.cluster:
        yield f"cluster={row.cluster} is left out."
    if options:
        yield f"Its q_options are left out: {', '.join(sorted(options))}."


def _when(row: Any) -> tuple[tuple[str, ...], tuple[str, ...]]:
    if row.schedule_type == "C":
        return _cron(row.cron or "")
    if row.schedule_type == "I":
        text, notes = every(timedelta(minutes=row.minutes or 1))
        return (text,), notes
    if row.next_run is None:
        raise Untranslatable("It has no next run, from which its times are counted. Write its times.")
    due = timezone.localtime(row.next_run) if timezone.is_aware(row.next_run) else row.next_run
    return (_at(row.schedule_type, due),), (f"Its times are those of its next run, {due:%Y-%m-%d %H:%M}.",)


def _at(kind: str, due: datetime) -> str:
    if kind == "H":
        return f"0 {due.minute} * * * *"
    time = f"0 {due.minute} {due.hour}"
    if kind == "D":
        return f"{time} * * *"
    if kind == "W":
        return f"{time} * * {due.isoweekday() % 7}"
    if kind not in MONTHS:
        raise Untranslatable("It runs every other week, and NCRONTAB doesn't count weeks. Choose days of the month.")
    if due.day > 28:
        raise Untranslatable(f"It runs on day {due.day}, which not every month has. Choose a day up to 28.")
    step = MONTHS[kind]
    months = (
        "*" if step == 1 else ",".join(map(str, sorted({(due.month - 1 + n) % 12 + 1 for n in range(0, 12, step)})))
    )
    return f"{time} {due.day} {months} *"


def _cron(text: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """By croniter, which differs from cron where one of the two days is a star with a step."""
    days = text.split()[2:5:2]
    if any("*" in day and day != "*" for day in days) and "*" not in days:
        raise Untranslatable(f"{text}: croniter's versions differ in what a star with a step is here. Write the days.")
    expressions = translated(text)
    notes = (f"{text} is two schedules here: NCRONTAB asks for both days.",) if len(expressions) > 1 else ()
    return expressions, notes
