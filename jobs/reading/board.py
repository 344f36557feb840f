"""How each job stands: its latest fates, what runs of it, how long it usually takes, when it is due next.

A fixed number of queries for any number of jobs, none of which reads more of the ledger than it shows.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from itertools import pairwise, takewhile
from typing import NamedTuple

from jobs.choices import Fate, Reason, Status
from jobs.declarations.disabled import setting_that_disables
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import in_force, overrides, sql
from jobs.ledger.in_force import InForce
from jobs.reading import upcoming
from jobs.reading.usual import Usual, usual_durations

SHOWN = 30
# A run or an occurrence that ended so has gone wrong.
BAD = frozenset({Status.FAILED, Status.TIMED_OUT, Status.LOST, Status.MISSED})
# Only these say how a job is doing: what was skipped or cancelled says nothing of it.
TELLING = BAD | {Status.SUCCEEDED}
# Flaky: of so many telling fates at least so many followed one of the other kind.
FLAKY_OF, FLAKY_AT_LEAST, FLAKY_SHARE = 20, 5, 0.4


class Mark(NamedTuple):
    """One fate: of a run, with its duration in seconds where it started; or of as many `times` without one."""

    fate: str
    seconds: float | None = None
    reason: str = ""
    times: int = 1

    @property
    def is_bad(self) -> bool:
        return self.fate in BAD


type Marks = tuple[Mark, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Active:
    """A run that is queued or running. `since` is when its attempt started, or when it could have."""

    id: int
    status: str
    attempt: int
    since: datetime
    requested_by: str
    done: float | None = None
    total: float | None = None
    message: str = ""


@dataclass(frozen=True, kw_only=True, slots=True)
class Standing:
    """How a job stands. `marks` are its latest fates, oldest first; `last_run` and `last_at` are those of the last."""

    job: Job
    current: InForce
    marks: Marks = ()
    last_run: int | None = None
    last_at: datetime | None = None
    active: Sequence[Active] = ()
    usual: Usual | None = None
    next_at: datetime | None = None
    is_disabled: bool = False
    # When it was due, where nobody has decided that yet.
    late_since: datetime | None = None
    failures: int = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "failures", _failures(self.marks))

    @property
    def is_failing(self) -> bool:
        """Its latest fate of those that say something went wrong."""
        return self.failures > 0

    @property
    def last_bad(self) -> str:
        """What went wrong last; empty where nothing did."""
        return next((mark.fate for mark in reversed(self.marks) if mark.is_bad), "")

    @property
    def running(self) -> Sequence[Active]:
        return [run for run in self.active if run.status == Status.RUNNING]

    @property
    def has_never_run(self) -> bool:
        return not self.marks and not self.active

    @property
    def is_flaky(self) -> bool:
        return _is_flaky(self.marks)

    @property
    def success_share(self) -> float | None:
        """Of its latest fates that say something; None where none does."""
        telling = [mark.is_bad for mark in self.marks if mark.fate in TELLING]
        return 1 - sum(telling) / len(telling) if telling else None

    @property
    def state(self) -> str:
        """In one word: what a person should know first."""
        if self.is_disabled:
            return "disabled"
        if self.current.pause:
            return "paused"
        if self.running:
            return Status.RUNNING.value
        if self.late_since:
            return "late"
        if self.is_failing:
            return self.last_bad
        if self.active:
            return Status.QUEUED.value
        return "never" if self.has_never_run else self.marks[-1].fate


# A job's latest fates are the same until it ends again, and pages of 500 jobs are refreshed every ten seconds: what is
# made of 15,000 fates is kept for as many jobs.
KEPT = 2048


@lru_cache(KEPT)
def _failures(marks: Marks) -> int:
    newest = (mark for mark in reversed(marks) if mark.fate in TELLING)
    return sum(mark.times for mark in takewhile(lambda mark: mark.is_bad, newest))


@lru_cache(KEPT)
def _is_flaky(marks: Marks) -> bool:
    telling = [mark.is_bad for mark in marks if mark.fate in TELLING][-FLAKY_OF:]
    flips = sum(one != other for one, other in pairwise(telling))
    return len(telling) >= FLAKY_AT_LEAST and flips / (len(telling) - 1) >= FLAKY_SHARE


def standings(names: Sequence[str], now: datetime) -> list[Standing]:
    """How these declared jobs stand, in the order given. Four queries."""
    return _standings(names, now, _latest(names), _active(names))


def planned(names: Sequence[str], now: datetime) -> list[Standing]:
    """The same without what became of them and what is at work: for what comes next. Two queries."""
    return _standings(names, now, {}, {})


def _standings(
    names: Sequence[str], now: datetime, latest: Mapping[str, "Latest"], active: Mapping[str, Sequence[Active]]
) -> list[Standing]:
    current, usual = in_force.by_job(names, now), usual_durations(now)
    found = []
    for name in names:
        job, of_job = registry[name], current.get(name, InForce())
        marks, last_run, last_at, due_at = latest.get(name, NOTHING)
        found.append(
            Standing(
                job=overrides.applied(job, of_job.override),
                current=of_job,
                marks=marks,
                last_run=last_run,
                last_at=last_at,
                active=active.get(name, []),
                usual=usual.get(name),
                next_at=upcoming.next_run_at(job, of_job, now),
                is_disabled=bool(setting_that_disables(name)),
                late_since=due_at if due_at and now - due_at > PATIENCE and not of_job.pause else None,
            )
        )
    return found


# The tick gives timers half a minute, and comes once a minute.
PATIENCE = timedelta(minutes=3)


class Latest(NamedTuple):
    """The latest fates, oldest first; the last one's run, where it is one, and moment; and when the job is due next:
    in the past, where nobody has decided about that yet.
    """

    marks: Marks
    run: int | None
    at: datetime | None
    due_at: datetime | None


NOTHING = Latest((), None, None, None)


def _latest(names: Sequence[str]) -> dict[str, Latest]:
    found = sql.rows(
        f"""
        SELECT declared.job, coalesce(latest.marks, ''), latest.run, latest.at, s.next_due_at
          FROM unnest(%(names)s::text[]) AS declared(job)
          LEFT JOIN nightshift_jobstate s ON s.job = declared.job, LATERAL (
               SELECT string_agg(concat_ws(':', fate, coalesce(hundredths::text, ''), reason, number), ' ') AS marks,
                      (array_agg(run))[1] AS run, max(at) AS at
                 FROM (  -- newest first, and aggregated in that order

                    SELECT * FROM (
                        (SELECT id, id AS run, status AS fate, reason, coalesce(scheduled_for, created_at) AS at,
                                1 AS number, (date_part('epoch', finished_at - started_at) * 100)::bigint AS hundredths
                           FROM nightshift_run r
                          WHERE r.job >= declared.job AND r.job <= declared.job AND status NOT IN ('queued', 'running')
                          ORDER BY r.job, r.id DESC LIMIT {SHOWN})
                         UNION ALL
                        (SELECT id, NULL, fate, reason, last, count, NULL FROM nightshift_gap g
                          WHERE g.job >= declared.job AND g.job <= declared.job
                          ORDER BY g.job, g.id DESC LIMIT {SHOWN})
                    ) AS each ORDER BY at DESC, id DESC LIMIT {SHOWN}
               ) AS newest
          ) AS latest
        """,  # noqa: S608 — a number of ours
        {"names": list(names)},
    )
    return {job: Latest(_marks(text), *others) for job, text, *others in found}


@lru_cache(KEPT)
def _marks(text: str) -> Marks:
    return tuple(map(_mark, reversed(text.split())))


def _mark(text: str) -> Mark:
    fate, hundredths, reason, count = text.split(":")
    return Mark(fate, max(int(hundredths) / 100, 0.0) if hundredths else None, reason, int(count))


def _active(names: Sequence[str]) -> dict[str, list[Active]]:
    """What is queued or running of each job, the oldest first."""
    rows = sql.rows(
        """
        SELECT job, id, status, attempt, CASE WHEN status = 'running' THEN started_at
               ELSE greatest(not_before, created_at) END, requested_by,
               (progress ->> 'done')::float, (progress ->> 'total')::float, coalesce(progress ->> 'message', '')
          FROM nightshift_run WHERE status IN ('queued', 'running') AND job = ANY(%s) ORDER BY job, id LIMIT 1000
        """,
        [list(names)],
    )
    found: dict[str, list[Active]] = {}
    for job, run, status, attempt, since, by, done, total, message in rows:
        active = Active(
            id=run,
            status=status,
            attempt=attempt,
            since=since,
            requested_by=by,
            done=done,
            total=total,
            message=message,
        )
        found.setdefault(job, []).append(active)
    return found


def is_pause(mark: Mark) -> bool:
    """Whether a person or a setting said that nothing should run."""
    return mark.fate == Fate.SKIPPED and mark.reason in {Reason.PAUSED, Reason.DISABLED}
