"""Act on many runs or jobs at once. What a list shows is frozen and counted first; then only that is acted on.

A list that is asked again as somebody clicks may have others by then. Members are taken in batches, under the lock of
the selection's row, before they are acted on: whoever applies it twice, or from two pages, acts on each once. If the
process dies in a batch, the rest of that batch is left alone.
"""

import hashlib
import secrets
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from jobs.choices import Act, Status, Trigger
from jobs.conf import conf
from jobs.declarations.parameters import BrokenCommand, InvalidArguments, UnknownCommand
from jobs.declarations.registry import registry
from jobs.formats import utc_time
from jobs.ledger import claims, doorbell, interventions, retrying, sql, states, triggers
from jobs.ledger.doorbell import Ring
from jobs.ledger.sessions import ledger_transaction
from jobs.models import Run, Selection
from jobs.models.run import RunQuerySet
from jobs.sentences import Sentence

# A larger list is to be narrowed by its filters first.
MOST = 10_000
# A list of numbers that somebody sends.
MOST_NUMBERS = 1_000
# How many of the runs that aren't there a sentence names.
NAMED = 5
# How many members one call acts on, so that no request takes long.
AT_ONCE = 100
# From its preview on, and again from each batch on.
LASTS = timedelta(minutes=10)
KEPT = timedelta(days=1)
ACTS = {"runs": (Act.CANCEL, Act.RETRY), "jobs": (Act.PAUSE, Act.RESUME, Act.RUN)}
# What one member's refusal says. The others are acted on.
REFUSALS = (Sentence, InvalidArguments, UnknownCommand, BrokenCommand, sql.Busy)


class TooManySelected(Sentence, ValueError):
    """More than {most:,} {of} are selected. Narrow the filter."""

    def __init__(self, of: str) -> None:
        super().__init__(of=of, most=MOST)


class UnknownRuns(Sentence, LookupError):
    """There is no run {ids}, so nothing is selected. Leave out what isn't there."""

    def __init__(self, ids: Sequence[int]) -> None:
        named = ", ".join(map(str, ids[:NAMED]))
        super().__init__(ids=f"{named} and {len(ids) - NAMED:,} more" if len(ids) > NAMED else named)


class UnknownSelection(Sentence, LookupError):
    """This selection isn't known, or is somebody else's. Select again."""


class SelectionExpired(Sentence, ValueError):
    """This selection expired at {at}. Select again: the list may have changed."""

    def __init__(self, at: datetime) -> None:
        super().__init__(at=utc_time(at))


class OtherAct(Sentence, ValueError):
    """A selection of {of} can't be used to {act}{why}. Select again."""

    def __init__(self, selection: Selection, act: Act) -> None:
        why = f": it is being used to {selection.act}" if selection.act else ""
        super().__init__(of=selection.of, act=act.value, why=why)


@dataclass(frozen=True, kw_only=True, slots=True)
class Selected:
    """What a person is shown before anything is done. The token is given once: only its hash is kept."""

    token: str
    count: int
    highest_id: int | None
    expires_at: datetime


class Result(NamedTuple):
    """What became of one member: a run's number or a job's name. `says` is the reason where it was refused."""

    member: int | str
    job: str
    done: bool
    says: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Applied:
    """What one call did. `left` are the members that no call has taken yet: call again."""

    results: list[Result]
    left: int


def select_runs(runs: RunQuerySet, filter: dict[str, Any], *, by: str) -> Selected:
    """Freeze these runs, oldest first. `filter` says by what they were chosen. Raises TooManySelected."""
    ids = list(runs.order_by("pk").values_list("pk", flat=True)[: MOST + 1])
    return _select("runs", ids, filter, by)


def select_these(ids: Iterable[int], among: RunQuerySet, *, by: str) -> Selected:
    """Freeze the runs with these numbers, oldest first. Raises UnknownRuns where one of them isn't `among` these."""
    numbers = set(ids)
    runs = among.filter(pk__in=numbers)
    if missing := numbers.difference(runs.values_list("pk", flat=True)):
        raise UnknownRuns(sorted(missing))
    return select_runs(runs, {"run_ids": sorted(numbers)}, by=by)


def select_jobs(jobs: Iterable[str], filter: dict[str, Any], *, by: str) -> Selected:
    """The same of jobs."""
    return _select("jobs", list(dict.fromkeys(jobs)), filter, by)


def _select(of: str, members: Sequence[int | str], filter: dict[str, Any], by: str) -> Selected:
    if len(members) > MOST:
        raise TooManySelected(of)
    token, now = secrets.token_urlsafe(24), states.clock()
    Selection.objects.filter(expires_at__lt=now - KEPT).delete()
    kept = Selection.objects.create(
        of=of,
        filter=filter,
        members=list(members),
        count=len(members),
        by=by,
        token_hash=_hash(token),
        expires_at=now + LASTS,
    )
    highest = max((each for each in members if isinstance(each, int)), default=None)
    return Selected(token=token, count=kept.count, highest_id=highest, expires_at=kept.expires_at)


def known(token: str, *, by: str) -> Selection:
    """A selection of this person's that hasn't expired. Raises UnknownSelection or SelectionExpired."""
    found = Selection.objects.filter(token_hash=_hash(token), by=by).first()
    if found is None:
        raise UnknownSelection
    if found.place < found.count and found.expires_at <= states.clock():
        raise SelectionExpired(found.expires_at)
    return found


def apply(
    token: str,
    act: Act,
    *,
    by: str,
    allowed: Callable[[str], bool],
    reason: str = "",
    until: datetime | None = None,
    trigger: Trigger = Trigger.MANUAL,
    limit: int = AT_ONCE,
) -> Applied:
    """Act on the next members of a selection, in the name of whoever made it.

    `allowed` is asked of each one's job; if it raises a sentence, that is the result.

    Retries wait for their turn, so that none is skipped for another; a job that is run is skipped as its overlap policy
    says. `reason` and `until` are those of pauses; `reason`
    that of cancellations too. Raises UnknownSelection, SelectionExpired or OtherAct.
    """
    members, left = _take(token, act, by, limit)
    results = [_result(member, act, by, allowed, reason, until, trigger) for member in members]
    if act in {Act.RETRY, Act.RUN} and any(result.done for result in results):
        doorbell.ring_all(Ring(run_id=run) for run in claims.next_ready(conf.JOBS_MAX_RUNNING))
    return Applied(results=results, left=left)


def _take(token: str, act: Act, by: str, limit: int) -> tuple[list[int | str], int]:
    with ledger_transaction():
        found = Selection.objects.select_for_update().filter(token_hash=_hash(token), by=by).first()
        if found is None:
            raise UnknownSelection
        now = states.clock()
        if found.expires_at <= now:
            raise SelectionExpired(found.expires_at)
        if act not in ACTS[found.of] or found.act not in ("", act):
            raise OtherAct(found, act)
        members = found.members[found.place : found.place + limit]
        found.act, found.place, found.expires_at = act, found.place + len(members), now + LASTS
        found.save(update_fields=["act", "place", "expires_at"])
    return members, found.count - found.place


def _result(
    member: int | str,
    act: Act,
    by: str,
    allowed: Callable[[str], bool],
    reason: str,
    until: datetime | None,
    trigger: Trigger,
) -> Result:
    run = Run.objects.filter(pk=member).first() if isinstance(member, int) else None
    job = run.job if run else str(member)
    if isinstance(member, int) and run is None:
        return Result(member, "", False, str(retrying.UnknownRun(member)))
    try:
        if not allowed(job):
            return Result(member, job, False, f"You may not {act.value} {job}.")
        if run:
            done, says = _cancel(run, by, reason) if act is Act.CANCEL else _retry(run, by, trigger)
        elif act is Act.RUN:
            done, says = _run(job, by, trigger)
        else:
            done, says = _pause(job, by, reason, until) if act is Act.PAUSE else _resume(job, by)
    except REFUSALS as error:
        done, says = False, str(error)
    return Result(member, job, done, says)


def _cancel(run: Run, by: str, reason: str) -> tuple[bool, str]:
    status = triggers.cancel(run.pk, by, reason)
    if status is None:
        run.refresh_from_db(fields=["status"])
        return False, f"It has already ended: {run.status}."
    return True, "It is cancelled." if status is Status.CANCELLED else "It is being cancelled."


def _retry(run: Run, by: str, trigger: Trigger) -> tuple[bool, str]:
    new = retrying.retry(run.pk, requested_by=by, trigger=trigger, yields=True, ring=False)
    return True, f"Run {new.pk} retries it."


def _run(job: str, by: str, trigger: Trigger) -> tuple[bool, str]:
    new = triggers.request(job, trigger=trigger, requested_by=by, ring=False)
    if new.status == Status.SKIPPED:
        return False, f"Run {new.pk} was skipped. {new.error}"
    return True, f"Run {new.pk} is queued."


def _pause(job: str, by: str, reason: str, until: datetime | None) -> tuple[bool, str]:
    interventions.pause(registry[job], by=by, reason=reason, until=until)
    return True, "It is paused."


def _resume(job: str, by: str) -> tuple[bool, str]:
    interventions.resume(interventions.declared_or_left(job), by=by)
    return True, "It is resumed."


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
