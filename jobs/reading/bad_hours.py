"""At which hours of which weekdays a job goes wrong: of its latest runs that did, and of what it missed."""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime
from zoneinfo import ZoneInfo

from jobs.choices import Fate
from jobs.ledger import sql
from jobs.reading.board import BAD
from jobs.reading.fates import Entry, these

# So many of each kind are looked at, the newest; the page says so.
LATEST = 250

# An index has the runs of each of these statuses by job and id.
STATEMENT = " UNION ALL ".join(
    [
        f"""(
        SELECT id, NULL::bigint, coalesce(scheduled_for, created_at) FROM nightshift_run r
         WHERE status = '{status}' AND r.job >= %(job)s AND r.job <= %(job)s
         ORDER BY status, job, id DESC LIMIT {LATEST})"""  # noqa: S608 — words of ours
        for status in sorted(BAD)
    ]
    + [
        f"""(
        SELECT NULL, id, first FROM (
               SELECT id, first, fate FROM nightshift_gap g WHERE g.job >= %(job)s AND g.job <= %(job)s
                ORDER BY job, id DESC LIMIT {LATEST}) AS latest
         WHERE fate = '{Fate.MISSED.value}')"""  # noqa: S608 — words of ours
    ]
)


def bad_hours(job: str, zone: ZoneInfo) -> Counter[tuple[int, int]]:
    """By weekday (Monday is 0) and hour of the zone's clock, how many. A gap counts once, when it began. One query."""
    return Counter((moment.weekday(), moment.hour) for _, _, moment in _latest(job, zone))


def bad_at(job: str, zone: ZoneInfo, weekday: int, hour: int) -> list[Entry]:
    """What `bad_hours` counts at one hour of a weekday, newest first. Two queries."""
    found = [each for each in _latest(job, zone) if (each[2].weekday(), each[2].hour) == (weekday, hour)]
    return these([run for run, _, _ in found if run], [gap for _, gap, _ in found if gap])


def _latest(job: str, zone: ZoneInfo) -> Iterator[tuple[int | None, int | None, datetime]]:
    """Of each the number of its run or of its gap, and its moment."""
    for run, gap, moment in sql.rows(STATEMENT, {"job": job}):
        yield run, gap, moment.astimezone(zone)
