"""What JobDay counts of occurrences without a run. Runs are counted by the database's triggers (`0003_job_day`)."""

import json
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import NamedTuple

from jobs.choices import Reason, Trigger
from jobs.ledger import sql
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.occurrences import Schedule
from jobs.schedule.zones import UnknownZone

INSTANT = timedelta(microseconds=1)
DAY = timedelta(days=1)


class Swallowed(NamedTuple):
    """Consecutive occurrences of a job that got no run, by the schedule of this fingerprint: a gap, or a part."""

    job: str
    reason: str
    fingerprint: str
    first: datetime
    last: datetime
    number: int

    @property
    def trigger(self) -> Trigger:
        """What would have brought their runs into being."""
        return Trigger.CHAIN if self.reason == Reason.PREDECESSOR else Trigger.SCHEDULE

    def by_day(self) -> Iterator[tuple[date, int]]:
        """How many lie on each day in UTC."""
        first, last = self.first.astimezone(UTC).date(), self.last.astimezone(UTC).date()
        left = self.number
        for day in _days(first, last) if first < last else ():
            if of_day := self._number_on(day):
                left -= of_day
                yield day, of_day
        # A schedule that can't be read on this machine, and any rest: on the last day.
        if left:
            yield last, left

    def _number_on(self, day: date) -> int:
        begin = datetime.combine(day, time(), UTC)
        try:
            schedule = Schedule.of_fingerprint(self.fingerprint)
        except (InvalidExpression, UnknownZone):
            return 0
        return schedule.count(max(begin, self.first) - INSTANT, begin + DAY - INSTANT)


def _days(first: date, last: date) -> Iterator[date]:
    while first < last:
        yield first
        first += DAY


type Key = tuple[str, date, Trigger]


def counted(swallowed: Iterable[Swallowed]) -> dict[Key, Counter[str]]:
    """How many occurrences of each job, day and trigger got no run, by reason."""
    found: dict[Key, Counter[str]] = {}
    for each in swallowed:
        for day, number in each.by_day():
            found.setdefault((each.job, day, each.trigger), Counter())[each.reason] += number
    return found


def count(added: Iterable[Swallowed], removed: Iterable[Swallowed] = ()) -> None:
    """Count what gaps have swallowed, and take back what they no longer do. The last statement of its transaction.

    Ends of runs lock a day's row when they commit, after all other rows; so must this, or both might wait for each
    other in a circle.
    """
    changes = counted(added)
    for key, reasons in counted(removed).items():
        changes.setdefault(key, Counter()).subtract(reasons)
    rows = [
        {"job": job, "day": day.isoformat(), "trigger": trigger, "gaps": reasons}
        for (job, day, trigger), reasons in sorted(changes.items())
        if any(reasons.values())
    ]
    if not rows:
        return
    sql.execute(
        """
        INSERT INTO nightshift_jobday AS d (job, day, trigger, gaps)
        SELECT job, day, trigger, nightshift_added(gaps, '{}')
          FROM jsonb_to_recordset(%s) AS new(job text, day date, trigger text, gaps jsonb)
            ON CONFLICT (job, day, trigger) DO UPDATE SET gaps = nightshift_added(d.gaps, excluded.gaps)
        """,
        [json.dumps(rows)],
    )
