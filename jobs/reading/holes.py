"""The holes of the ledger: what had no run in a window, by its cause, over all jobs."""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import groupby

from jobs.choices import Reason, Trigger
from jobs.formats import counted
from jobs.ledger import sql

# So many gaps of a window are looked at, the newest first.
MOST = 2_000
# What nobody was there for in time: one outage makes gaps of many jobs.
ABSENT = frozenset({Reason.TOO_LATE, Reason.SUPERSEDED, Reason.UNSCHEDULED})
# So long after one outage another one begins.
APART = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Found:
    """A gap. `until` is when it was found, or its last occurrence, whichever is later."""

    job: str
    first: datetime
    last: datetime
    until: datetime
    count: int
    fate: str
    reason: str
    by: str
    note: str


@dataclass(frozen=True, kw_only=True, slots=True)
class OfJob:
    """What a job had no run for by one cause."""

    job: str
    first: datetime
    last: datetime
    count: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Hole:
    """Gaps with one cause. `caught_up` is how many occurrences in that time were found late, and ran all the same."""

    gaps: Sequence[Found]
    caught_up: int = 0

    @property
    def first(self) -> datetime:
        return min(gap.first for gap in self.gaps)

    @property
    def last(self) -> datetime:
        return max(gap.last for gap in self.gaps)

    @property
    def until(self) -> datetime:
        """When it was over."""
        return max(gap.until for gap in self.gaps) if self.is_absence else self.last

    @property
    def count(self) -> int:
        return sum(gap.count for gap in self.gaps)

    @property
    def fate(self) -> str:
        return self.gaps[0].fate

    @property
    def is_absence(self) -> bool:
        """Whether nobody was there in time, as while the app was stopped."""
        return self.gaps[0].reason in ABSENT

    @property
    def reasons(self) -> list[tuple[str, int]]:
        return [
            (reason, sum(gap.count for gap in self.gaps if gap.reason == reason)) for reason in _in_order(self.gaps)
        ]

    @property
    def jobs(self) -> list[OfJob]:
        """By job, the one with the most occurrences first."""
        found = [
            OfJob(
                job=job,
                first=min(gap.first for gap in gaps),
                last=max(gap.last for gap in gaps),
                count=sum(gap.count for gap in gaps),
            )
            for job, gaps in _by_job(self.gaps).items()
        ]
        return sorted(found, key=lambda each: (-each.count, each.job))

    @property
    def cause(self) -> str:
        """As the beginning of a sentence: "Paused by ada (stocktaking)"."""
        gap = self.gaps[0]
        by, note = f" by {gap.by}" if gap.by else "", f" ({gap.note})" if gap.note else ""
        match gap.reason:
            case Reason.OVERLAP:
                return "Another run was in the way"
            case Reason.PAUSED:
                return f"Paused{by}{note}"
            case Reason.HELD:
                return f"Everything was held{by}{note}"
            case Reason.DISABLED:
                return f"Disabled in Azure{by}"
            case Reason.PREDECESSOR:
                return f"{gap.by or 'A job before it'} didn't succeed"
        return "Not running"

    @property
    def key(self) -> str:
        """As an address names it."""
        gap = self.gaps[0]
        job = f".{gap.job}" if gap.reason == Reason.OVERLAP else ""
        return f"{self.first.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}.{gap.reason}{job}"

    @property
    def extent(self) -> str:
        """37 occurrences of 12 jobs."""
        return f"{counted(self.count, 'occurrence')} of {counted(len(_by_job(self.gaps)), 'job')}"


def holes(jobs: Collection[str], since: datetime, until: datetime) -> tuple[list[Hole], bool]:
    """What of these jobs had no run in [since, until), the latest first; and whether there is more. One query."""
    gaps, late = _read(jobs, since, until)
    found = [_with_late(Hole(gaps=each), late) for each in grouped(gaps[:MOST])]
    return sorted(found, key=lambda hole: hole.until, reverse=True), len(gaps) > MOST


def grouped(gaps: Iterable[Found]) -> list[list[Found]]:
    """Gaps by their cause: absence by its time, what somebody ordered by that, a collision by the job. Pure."""
    absent: list[Found] = []
    others: list[Found] = []
    for gap in sorted(gaps, key=lambda gap: gap.first):
        (absent if gap.reason in ABSENT else others).append(gap)
    return [*_by_time(absent), *(list(group) for _, group in groupby(sorted(others, key=_cause), key=_cause))]


def _by_time(gaps: Iterable[Found]) -> list[list[Found]]:
    """Gaps that overlap in time, or nearly."""
    found: list[list[Found]] = []
    until = None
    for gap in gaps:
        if until is None or gap.first > until + APART:
            found.append([])
            until = gap.until
        found[-1].append(gap)
        until = max(until, gap.until)
    return found


def _cause(gap: Found) -> tuple[str, ...]:
    return (gap.reason, gap.by, gap.note, gap.job if gap.reason == Reason.OVERLAP else "")


def _by_job(gaps: Iterable[Found]) -> dict[str, list[Found]]:
    found: dict[str, list[Found]] = {}
    for gap in gaps:
        found.setdefault(gap.job, []).append(gap)
    return found


def _in_order(gaps: Iterable[Found]) -> list[str]:
    found = {gap.reason for gap in gaps}
    return [reason for reason in Reason if reason in found]


def _read(jobs: Collection[str], since: datetime, until: datetime) -> tuple[list[Found], list[datetime]]:
    """The gaps of a window, and the latest occurrences that were found late and had a run all the same, in order.

    One index entry for each gap of the window; of each job also the few before, which may reach into it.
    """
    rows = sql.rows(
        f"""
        (SELECT found.job, first, last, greatest(last, recorded_at), count, fate, reason, by, note
          FROM unnest(%(jobs)s::text[]) AS seen(job), LATERAL (
               (SELECT * FROM nightshift_gap g WHERE g.job = seen.job AND first >= %(since)s AND first < %(until)s
                 ORDER BY first DESC LIMIT {MOST + 1})
                UNION ALL
               (SELECT * FROM nightshift_gap g WHERE g.job = seen.job AND first < %(since)s
                 ORDER BY first DESC LIMIT 3)
          ) AS found
         WHERE last >= %(since)s
         ORDER BY last DESC, id DESC LIMIT {MOST + 1})
         UNION ALL
        SELECT job, scheduled_for, scheduled_for, scheduled_for, 1, '', '', '', ''
          FROM (SELECT job, scheduled_for FROM nightshift_run WHERE trigger = ANY(%(late)s)
                 ORDER BY trigger, id DESC LIMIT {MOST}) AS latest
         WHERE job = ANY(%(jobs)s) AND scheduled_for IS NOT NULL
        """,  # noqa: S608 — numbers of ours
        {"jobs": list(jobs), "since": since, "until": until, "late": [Trigger.CATCH_UP.value]},
    )
    found = [Found(*row) for row in rows]
    return [gap for gap in found if gap.fate], sorted(run.first for run in found if not run.fate)


def _with_late(hole: Hole, late: Sequence[datetime]) -> Hole:
    if not hole.is_absence:
        return hole
    first, until = hole.first, hole.until
    return replace(hole, caught_up=bisect_right(late, until) - bisect_left(late, first))
