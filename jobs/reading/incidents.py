"""Incidents, for whoever may see their jobs: those that are open, the worst first; then the others, newest first.

Only a job and a cause can have an open one, so those are few; the others are read by key.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from django.db.models import Case, Q, QuerySet, Value, When
from django.utils import timezone

from jobs.access.actor import Actor
from jobs.choices import SEVERITY, Cause, Severity, Verb
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.declarations.severity import CRITICAL_LABEL, rank
from jobs.declarations.severity import severity as severity_of
from jobs.ledger.incident_acts import UnknownIncident
from jobs.models import Incident
from jobs.reading import keyset
from jobs.reading.run_sources import Place

WORST_FIRST = list(SEVERITY)
RANK = {cause: place for place, cause in enumerate(WORST_FIRST)}
# Past every row: where the incidents that are over begin.
NEWEST = Place(10**18 - 1)


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """Which incidents. `jobs` is None for those of all jobs; with names also our own outages, which are of none.

    `named`: only of these jobs. What is None or empty chooses nothing.
    """

    jobs: Sequence[str] | None = None
    named: Sequence[str] | None = None
    causes: Sequence[str] = ()
    is_open: bool | None = None
    is_acknowledged: bool | None = None


class Page(NamedTuple):
    """Some incidents, and where the list continues; None at its end. Among those that are open a place has a moment."""

    incidents: list[Incident]
    next: Place | None


def is_seen(actor: Actor, incident: Incident) -> bool:
    """Our own outages concern whoever sees any job."""
    return actor.may(Verb.VIEW, incident.job) if incident.job else not actor.sees_nothing()


def incident_of(actor: Actor, incident_id: int) -> Incident:
    """The incident. Raises UnknownIncident, also where it may not be seen. To read is no act: it leaves no event."""
    found = Incident.objects.filter(pk=incident_id).first()
    if found is None or not is_seen(actor, found):
        raise UnknownIncident(incident_id)
    return found


def page(wanted: Wanted, size: int, place: Place | None = None) -> Page:
    """The next of these incidents after a place, `size` at most. Three queries for any number of rows."""
    found: list[Incident] = []
    if wanted.is_open is not False and (place is None or place.moment):
        with keyset.in_the_order_of_an_index():
            found = list(_open(wanted, place)[: size + 1])
        if len(found) > size:
            last = found[size - 1]
            return Page(found[:size], Place(last.pk, last.opened_at))
        place = NEWEST
    if wanted.is_open:
        return Page(found, None)
    if len(found) == size:
        return Page(found, NEWEST)
    return _over(wanted, found, size, place or NEWEST)


def open_of(job: str) -> list[Incident]:
    """The open incidents of a job, the worst first. One query."""
    return _worst_first(Incident.objects.open().of(job))


def open_of_all(jobs: Sequence[str] | None, most: int) -> list[Incident]:
    """The worst open incidents of these jobs, and our own outages; None means of all. One query."""
    return list(_open(Wanted(jobs=jobs))[:most])


# Of the incidents that began with a run or before it, as many are looked at: few causes are open at a time.
BEFORE_A_RUN = 200


def of_run(job: str, run_id: int) -> Incident | None:
    """The incident of the job that the run is the first or the latest of, or lies in between; the worst of several."""
    latest = keyset.by_index(Incident.objects.all(), job=job).filter(first_run_id__lte=run_id)[:BEFORE_A_RUN]
    found = [incident for incident in latest if incident.last_run_id and incident.last_run_id >= run_id]
    return next(iter(_worst_first(found)), None)


def _worst_first(rows: Iterable[Incident]) -> list[Incident]:
    return sorted(rows, key=lambda incident: (rank_of(incident), -incident.pk))


def rank_of(incident: Incident) -> int:
    """The lower, the worse: by how bad it is, then by its cause."""
    return _rank(incident.cause, registry.get(incident.job))


def _rank(cause: str, job: Job | None) -> int:
    return -len(RANK) * rank(severity_of(cause, job)) + RANK[Cause(cause)]


def severity(incident: Incident) -> Severity:
    return severity_of(incident.cause, registry.get(incident.job))


def is_snoozed(incident: Incident) -> bool:
    """Nothing is sent about it now, by this machine's clock."""
    return incident.snoozed_until is not None and incident.snoozed_until > timezone.now()


def _open(wanted: Wanted, place: Place | None = None) -> "QuerySet[Incident]":
    raised = [job for job in registry.values() if CRITICAL_LABEL in job.labels]
    names = [job.name for job in raised]
    by_badness = Case(
        *[When(cause=cause, job__in=names, then=Value(_rank(cause, raised[0]))) for cause in RANK if raised],
        *[When(cause=cause, then=Value(_rank(cause, None))) for cause in RANK],
    )
    rows: QuerySet[Any] = Incident.objects.open().filter(_fits(wanted)).annotate(rank=by_badness)
    if place is not None:
        last = Incident.objects.filter(pk=place.id).first()
        number = rank_of(last) if last else _rank(Cause.NOT_RUNNING, None)
        rows = rows.filter(Q(rank__gt=number) | Q(rank=number, pk__lt=place.id))
    return rows.order_by("rank", "-pk")


def _over(wanted: Wanted, found: list[Incident], size: int, place: Place) -> Page:
    """The newest that are over, beside those that were found already."""
    left = size - len(found)
    of_one = wanted.named[0] if wanted.named and len(wanted.named) == 1 else None
    # The index of a job's incidents answers for its name.
    fits = _fits(replace(wanted, named=None) if of_one else wanted)
    rows = keyset.by_index(Incident.objects.all(), job=of_one) if of_one else Incident.objects.order_by("-pk")
    rows = rows.filter(pk__lt=place.id, resolved_at__isnull=False)
    if not fits:
        more, older = list(rows[: left + 1]), None
    else:
        ids, older = keyset.window(rows, "enable_sort")
        more = list(keyset.with_ids(Incident.objects.all(), ids).filter(fits).order_by("-pk")[: left + 1])
    if len(more) > left:
        return Page([*found, *more[:left]], Place(more[left - 1].pk))
    return Page([*found, *more], Place(older) if older else None)


def _fits(wanted: Wanted) -> Q:
    fits = Q()
    if wanted.jobs is not None:
        fits &= Q(job__in=wanted.jobs) | Q(job="")
    if wanted.named is not None:
        fits &= Q(job__in=wanted.named)
    if wanted.causes:
        fits &= Q(cause__in=wanted.causes)
    if wanted.is_acknowledged is not None:
        fits &= Q(acknowledged_at__isnull=not wanted.is_acknowledged)
    return fits
