"""Occurrences taken out of gaps, since each is to have its run: what is left stays a gap on both sides of them."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from jobs.ledger.eras import INSTANT
from jobs.ledger.statistics import Swallowed
from jobs.models import Gap, JobState, Repair
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.occurrences import Schedule
from jobs.schedule.zones import UnknownZone
from jobs.sentences import Sentence


class UnreadableGap(Sentence, ValueError):
    """Gap {gap.id} of job {gap.job!r} was recorded by the schedule {gap.fingerprint!r}, which can't be read here: {why}
    Its occurrences can only be run one by one: manage.py run {gap.job}
    """

    def __init__(self, gap: Gap, why: Exception) -> None:
        super().__init__(gap=gap, why=why)


def schedule_of(gap: Gap) -> Schedule:
    """The schedule by which a gap's occurrences were due. Raises UnreadableGap."""
    try:
        return Schedule.of_fingerprint(gap.fingerprint)
    except (InvalidExpression, UnknownZone) as error:
        raise UnreadableGap(gap, error) from None


@dataclass(frozen=True, kw_only=True, slots=True)
class Cut:
    """Occurrences of one gap that are to be taken out of it, in their order."""

    gap: Gap
    schedule: Schedule
    moments: Sequence[datetime]


def carve(cuts: Iterable[Cut], *, by: str, why: str, at: datetime) -> tuple[list[Swallowed], list[Swallowed]]:
    """Take the occurrences out of their gaps, and keep what the gaps said of them as repairs.

    Needs the jobs' locks. Gives what the gaps swallow from now on, and what they did before.
    """
    left: list[Swallowed] = []
    before: list[Swallowed] = []
    repairs: list[Repair] = []
    new: list[Gap] = []
    gone: list[int] = []
    for cut in cuts:
        before.append(_swallowed(cut.gap))
        repairs += _repairs(cut, by, why, at)
        pieces = list(_pieces(cut))
        left += map(_swallowed, pieces)
        if pieces:
            # The gap's row becomes the last piece.
            new += pieces[:-1]
            _shorten(cut.gap, pieces[-1])
        else:
            gone.append(cut.gap.pk)
    Gap.objects.filter(pk__in=gone).delete()
    Gap.objects.bulk_create(new)
    Repair.objects.bulk_create(repairs)
    return left, before


def _shorten(gap: Gap, to: Gap) -> None:
    if to.last != gap.last:
        # It ends before the watermark now: what comes next doesn't continue it.
        JobState.objects.filter(job=gap.job, last_gap=gap.pk).update(last_gap=None)
    Gap.objects.filter(pk=gap.pk).update(first=to.first, last=to.last, count=to.count)


def _pieces(cut: Cut) -> Iterator[Gap]:
    """What is left on both sides of each occurrence."""
    edges = [cut.gap.first - INSTANT, *cut.moments, cut.gap.last + INSTANT]
    for after, before in pairwise(edges):
        first, last = cut.schedule.next(after), cut.schedule.previous(before)
        if first is not None and last is not None and first <= last:
            yield Gap(**_facts(cut, first, last, cut.schedule.count(after, last)))


def _repairs(cut: Cut, by: str, why: str, at: datetime) -> Iterator[Repair]:
    """A row for each stretch of occurrences that follow one another."""
    stretches: list[list[datetime]] = []
    for moment in cut.moments:
        if stretches and cut.schedule.next(stretches[-1][-1]) == moment:
            stretches[-1].append(moment)
        else:
            stretches.append([moment])
    for stretch in stretches:
        facts = _facts(cut, stretch[0], stretch[-1], len(stretch))
        yield Repair(**facts, gap_number=cut.gap.pk, repaired_by=by, repaired_at=at, why=why)


def _facts(cut: Cut, first: datetime, last: datetime, count: int) -> dict[str, object]:
    kept = ("job", "fingerprint", "fate", "reason", "by", "note", "blocked_by_id", "recorded_at")
    return {name: getattr(cut.gap, name) for name in kept} | {"first": first, "last": last, "count": count}


def _swallowed(gap: Gap) -> Swallowed:
    return Swallowed(gap.job, gap.reason, gap.fingerprint, gap.first, gap.last, gap.count)
