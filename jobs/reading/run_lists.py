"""Runs by what a person or program asks of them, a page at a time: its cost doesn't depend on the ledger's length.

One of the filters says which index the rows come from, in what order (`run_sources`). The others look at the newest
WINDOW of these rows. So a page may be short, or empty, and yet older runs follow: `next` says where it continues.
"""

from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from jobs.models import Run
from jobs.models.run import UNSUCCESSFUL
from jobs.reading import keyset, searching
from jobs.reading.run_sources import (
    MOMENTS,
    Place,
    Source,
    of_attempts,
    of_ids,
    of_jobs,
    of_labelled,
    of_moments,
    of_pinned,
    of_runs,
)
from jobs.sentences import Sentence


class Between(NamedTuple):
    """From `after` on, and before `before`; None is without a bound."""

    after: datetime | None = None
    before: datetime | None = None


WHENEVER = Between()


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which runs. `jobs` is None for those of all jobs; text that is empty, and what is None, chooses nothing."""

    jobs: Sequence[str] | None = None
    statuses: Sequence[str] = ()
    trigger: str = ""
    label: str = ""  # of the run itself, as its start gave it
    requested_by: str = ""
    scheduled: Between = WHENEVER
    started: Between = WHENEVER
    finished: Between = WHENEVER
    min_duration: timedelta | None = None
    max_duration: timedelta | None = None
    attempts: int | None = None
    pinned: bool | None = None
    release: str = ""
    instance: str = ""
    error: str = ""


class Page(NamedTuple):
    """Some runs, newest first, and where the list continues; None at its end."""

    runs: list[Run]
    next: Place | None


def page(wanted: Wanted, size: int, place: Place | None = None) -> Page:
    """The newest of these runs after a place, `size` at most. Two queries for any number of rows."""
    if wanted.jobs is not None and not wanted.jobs:
        return Page([], None)
    source, answered = _source(wanted)
    conditions = [condition for condition in _conditions(wanted) if condition.name not in answered]
    with keyset.in_the_order_of_an_index("enable_sort") if conditions else nullcontext():
        found = source.newest(
            place,
            look_at=keyset.WINDOW if conditions else size + 1,
            most=size + 1,
            fits=" AND ".join(condition.text for condition in conditions),
            values={condition.parameter: condition.value for condition in conditions},
        )
    order = ["-pk"] if source.column == "id" else [f"-{source.column}", "-pk"]
    runs = list(keyset.with_ids(Run.objects.all(), found.ids).order_by(*order)) if found.ids else []
    # One of them may have been deleted meanwhile.
    more = len(found.ids) > size and len(runs) > 0
    shown = runs[:size]
    return Page(shown, source.place_of(shown[-1]) if more else found.end)


# How many pages of WINDOW rows a selection looks at.
MOST_PAGES = 20


class TooManyLookedAt(Sentence, ValueError):
    """These filters leave too many runs to look at. Choose also by job, status or time."""


def ids(wanted: Wanted, most: int) -> list[int]:
    """The numbers of these runs: all of them, or one more than `most`. Raises TooManyLookedAt."""
    found: list[int] = []
    place = None
    for _ in range(MOST_PAGES):
        some = page(wanted, most + 1 - len(found), place)
        found += [run.pk for run in some.runs]
        place = some.next
        if place is None or len(found) > most:
            return found
    raise TooManyLookedAt


class _Condition(NamedTuple):
    """What a filter asks of a run `r`, in SQL. Its name is that of the filter."""

    name: str
    text: str
    parameter: str
    value: Any


def _conditions(wanted: Wanted) -> list[_Condition]:
    asked: list[tuple[str, str, Any]] = [
        ("jobs", "r.job = ANY({})", None if wanted.jobs is None else list(wanted.jobs)),
        ("statuses", "r.status = ANY({})", list(wanted.statuses) or None),
        ("trigger", "r.trigger = {}", wanted.trigger or None),
        ("label", "r.labels @> ARRAY[{}]::text[]", wanted.label or None),
        ("requested_by", "r.requested_by = {}", wanted.requested_by or None),
        ("min_duration", "r.finished_at - r.started_at >= {}", wanted.min_duration),
        ("max_duration", "r.finished_at - r.started_at <= {}", wanted.max_duration),
        ("pinned", "r.pinned = {}", wanted.pinned),
        ("attempts", "r.attempt >= {}", wanted.attempts),
        *(
            (
                name,
                f"EXISTS (SELECT FROM nightshift_attempt a WHERE a.run_id = r.id AND a.{name} = {{}})",
                getattr(wanted, name) or None,
            )
            for name in ("release", "instance")
        ),
        *(
            ("error", "upper(r.error) LIKE upper({})", f"%{searching.literally(word)}%")
            for word in wanted.error.split()
        ),
    ]
    for name, column in MOMENTS.items():
        between: Between = getattr(wanted, name)
        asked += [(name, f"r.{column} >= {{}}", between.after), (name, f"r.{column} < {{}}", between.before)]
    return [
        _Condition(name, text.format(f"%(asked_{number})s"), f"asked_{number}", value)
        for number, (name, text, value) in enumerate(asked)
        if value is not None
    ]


def _source(wanted: Wanted) -> tuple[Source, set[str]]:
    """Where the rows come from, and the filters that are answered by that: the most selective one first."""
    words = wanted.error.split()
    if words and (ids := searching.of_errors(words)):
        return of_ids(ids), set()
    if wanted.label:
        return of_labelled(wanted.label), {"label"}
    if wanted.pinned:
        return of_pinned(), {"pinned"}
    for name in ("release", "instance"):
        if value := getattr(wanted, name):
            return of_attempts(name, value), {name}
    if wanted.requested_by:
        return of_runs("requested_by", wanted.requested_by), {"requested_by"}
    if wanted.attempts is not None and wanted.attempts > 1:
        return of_runs("attempt > 1", None), set()
    for name, column in MOMENTS.items():
        between: Between = getattr(wanted, name)
        if any(between):
            return of_moments(column, *between, wanted.jobs if name == "scheduled" else None), {name}
    if wanted.trigger and wanted.trigger != "schedule" and wanted.jobs is None:
        return of_runs("trigger", wanted.trigger), {"trigger"}
    # Only runs that didn't succeed have an error.
    statuses = wanted.statuses or (UNSUCCESSFUL if words else ())
    return of_jobs(wanted.jobs, statuses), {"jobs", "statuses"}
