"""What people and programs did, and what was refused to them: the events that came by a door, newest first."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from jobs.choices import EventKind
from jobs.models import Event
from jobs.reading import keyset

# Who may do what, and who tried, is for administrators.
OF_ACCESS = frozenset(
    {
        EventKind.GRANTED,
        EventKind.GRANT_ENDED,
        EventKind.TOKEN_CREATED,
        EventKind.TOKEN_REVOKED,
        EventKind.ACCOUNT_CHANGED,
        EventKind.REFUSED,
    }
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """Which events; what is empty doesn't matter. With a `kind` also those that happened by themselves.

    `jobs`: only those of these jobs, which who asks may see.
    """

    job: str = ""
    by: str = ""
    kind: str = ""
    door: str = ""
    run: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    jobs: tuple[str, ...] | None = None


class Audit(NamedTuple):
    """`next` is the id before which the list continues; None at its end. With `is_partial` the page may be short of
    events that are older than those that were looked at.
    """

    events: list[Event]
    next: int | None
    is_partial: bool


def audit(asked: Question, limit: int, before: int | None = None) -> Audit:
    """The newest of these events, with ids below `before`: of at most 10,000 that an index leaves."""
    ids, older = keyset.window(_narrowest([_within(rows, asked, before) for rows in _by_index(asked)]))
    found = list(keyset.with_ids(Event.objects.all(), ids).filter(_fits(asked)).order_by("-pk")[: limit + 1])
    if len(found) > limit:
        return Audit(found[:limit], found[limit - 1].pk, is_partial=False)
    return Audit(found, older, is_partial=older is not None)


def event_facts(event: Event) -> dict[str, Any]:
    """An event as the commands and the API write it."""
    return {
        "id": event.pk,
        "at": event.at,
        "kind": event.kind,
        "job": event.job,
        "run": event.run_id,
        "by": event.by,
        "reason": event.reason,
        "message": event.message,
        "count": event.count,
        "door": event.door,
        "address": event.address,
        "token": event.token,
        "before": event.before,
        "after": event.after,
    }


def _by_index(asked: Question) -> "list[QuerySet[Event]]":
    """What each filter leaves that an index has; one alone where no other can leave fewer."""
    if asked.run is not None:
        return [Event.objects.filter(run=asked.run).order_by("-pk")]
    named = {column: value for column in ("job", "by", "kind") if (value := getattr(asked, column))}
    found = [keyset.by_index(Event.objects.all(), **{column: value}) for column, value in named.items()]
    if asked.door:
        found.append(keyset.by_index(Event.objects.exclude(door=""), door=asked.door))
    return found or [Event.objects.exclude(door="").order_by("-pk")]


def _narrowest(found: "list[QuerySet[Event]]") -> "QuerySet[Event]":
    """That with the fewest rows, each counted as far as a window goes: else a common kind hides somebody's one act."""
    if len(found) == 1:
        return found[0]
    with keyset.in_the_order_of_an_index():
        return min(found, key=lambda rows: rows[: keyset.WINDOW + 1].count())


def _within(rows: "QuerySet[Event]", asked: Question, before: int | None) -> "QuerySet[Event]":
    """By ids, which aren't quite in the order of time."""
    if asked.since:
        rows = rows.filter(pk__gte=keyset.first_id_since(Event, "at", asked.since - keyset.DISORDER))
    if asked.until:
        rows = rows.filter(pk__lt=keyset.first_id_since(Event, "at", asked.until + keyset.DISORDER))
    return rows.filter(pk__lt=before) if before else rows


def _fits(asked: Question) -> Q:
    fits = Q(kind=asked.kind) if asked.kind else ~Q(door="")
    for column in ("job", "by", "door"):
        if value := getattr(asked, column):
            fits &= Q(**{column: value})
    if asked.since:
        fits &= Q(at__gte=asked.since)
    if asked.until:
        fits &= Q(at__lt=asked.until)
    return fits if asked.jobs is None else fits & Q(job__in=asked.jobs)
