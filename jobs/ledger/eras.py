"""Which schedule was in force when: the eras of a job between its watermark and now. Pure.

An edited schedule is in force from the moment at which it is first seen, an override from its beginning to its end.
What was due before stays due by the schedule that was in force then, so that a release drops no occurrence and
invents none.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import NamedTuple

from jobs.declarations.job import Job
from jobs.ledger import overrides
from jobs.models import Intervention
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.occurrences import Schedule, same_occurrences
from jobs.schedule.zones import UnknownZone

INSTANT = timedelta(microseconds=1)


class Era(NamedTuple):
    """The job with the schedule and arguments that were in force for the occurrences in (after, until].

    Neighbours with one schedule share their `turn`.
    """

    job: Job
    after: datetime
    until: datetime
    turn: int = 0

    @property
    def schedule(self) -> Schedule:
        assert self.job.schedule is not None
        return self.job.schedule

    @property
    def is_due(self) -> bool:
        first = self.schedule.next(self.after)
        return first is not None and first <= self.until


@dataclass(frozen=True, kw_only=True, slots=True)
class Ledger:
    """How far a job's ledger reaches, and by which schedule. `declared` is the declaration that the ledger follows.

    `fingerprint` is the schedule in force at the watermark: the declared one, or an override's. Both are empty where
    there is no schedule.

    `overrides` are those that were in force at the watermark or began later.
    """

    fingerprint: str = ""
    declared: str = ""
    since: datetime | None = None
    through: datetime | None = None
    overrides: Sequence[Intervention] = ()


@dataclass(frozen=True, kw_only=True)
class Timeline:
    """The eras from the watermark to now, and what changed on the way.

    `edited_at` is when an edited declaration came into force; `unreadable` says why the former one can't be known.
    """

    eras: list[Era]
    edited_at: datetime | None = None
    former: str = ""
    unreadable: str = ""
    restarted: bool = False

    @property
    def through(self) -> datetime:
        return self.eras[0].after

    @property
    def until(self) -> datetime:
        return self.eras[-1].until

    @cached_property
    def is_due(self) -> bool:
        return any(era.is_due for era in self.eras)

    @property
    def since(self) -> datetime:
        """Where the ledger of the last era's schedule begins."""
        return next(era.after for era in self.eras if era.turn == self.eras[-1].turn)


def declaration_of(job: Job, ledger: Ledger) -> Job | None:
    """The job as it was declared when its ledger was last written; None where it had no schedule.

    Raises InvalidExpression or UnknownZone where its schedule can't be read here.
    """
    if job.schedule is not None and same_occurrences(ledger.declared, job.fingerprint):
        return job
    return replace(job, schedule=Schedule.of_fingerprint(ledger.declared)) if ledger.declared else None


def timeline(
    job: Job, ledger: Ledger, *, began: datetime, clock: datetime, now: datetime, patience: timedelta
) -> Timeline:
    """The eras of a job, which has a schedule, from its watermark to `now`.

    `began` is when this process could first know the declaration, and `clock` the database's clock: a timer of a host
    whose clock is ahead settles up to a later `now`. Where the last era's job has a timer, the occurrences younger than
    `patience` are left out.
    """
    first_seen = min(began, now)
    through = first_seen if ledger.through is None else ledger.through
    former, unreadable = _former(job, ledger) if ledger.through else (job, "")
    edited_at = None
    if former is not job:
        # The older of two releases that settle at the same time has known its declaration for long: that says nothing
        # of when it came into force again.
        older = ledger.since is not None and ledger.since > began
        # Never back: a timer may have settled an occurrence a moment before the database's clock came to it.
        edited_at = max(through, min(clock, now) if older else first_seen)

    def in_force(after: datetime) -> Job | None:
        declared = job if edited_at is None or after >= edited_at else former
        return overrides.applied(declared, _held(ledger.overrides, after)) if declared else None

    starts = [through, *(at for at in _changes(edited_at, ledger.overrides) if through < at <= now)]
    known = [(after, found) for after in sorted(set(starts)) if (found := in_force(after))]
    last_start, last = known[-1]
    # Nobody else settles what was due by a schedule that is no longer in force.
    until = max(now - patience if last.has_timer else now, last_start)
    ends = [*(after for after, _ in known[1:]), until]
    eras: list[Era] = []
    for (after, found), end in zip(known, ends, strict=True):
        turn = 0 if not eras else eras[-1].turn + (not _same(eras[-1].job, found))
        eras.append(Era(found, after, end, turn))
    return Timeline(
        eras=eras,
        edited_at=edited_at,
        former=ledger.fingerprint,
        unreadable=unreadable,
        restarted=ledger.through is None
        or eras[-1].turn > 0
        or not same_occurrences(ledger.fingerprint, eras[0].job.fingerprint),
    )


def _same(one: Job, other: Job) -> bool:
    return same_occurrences(one.fingerprint, other.fingerprint)


def _former(job: Job, ledger: Ledger) -> tuple[Job | None, str]:
    try:
        return declaration_of(job, ledger), ""
    except (InvalidExpression, UnknownZone) as error:
        return None, str(error)


def _changes(edited_at: datetime | None, overrides: Iterable[Intervention]) -> Iterator[datetime]:
    if edited_at:
        yield edited_at
    for override in overrides:
        yield override.began_at
        if override.end:
            yield override.end - INSTANT  # from its end on the declaration holds


def _held(overrides: Iterable[Intervention], after: datetime) -> Intervention | None:
    """The override that is in force for the occurrences after this moment."""
    return next(
        (override for override in overrides if override.covers(after + INSTANT) and override.began_at <= after), None
    )
