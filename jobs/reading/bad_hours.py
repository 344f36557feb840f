"""At which hours of which weekdays a job goes wrong: of its latest runs that did, and of what it missed."""

from collections import Counter
from zoneinfo import ZoneInfo

from jobs.choices import Fate
from jobs.ledger import sql
from jobs.reading.board import BAD

# So many of each kind are looked at, the newest; the page says so.
LATEST = 250

# An index has the runs of each of these statuses by job and id.
STATEMENT = " UNION ALL ".join(
    [
        f"""(
        SELECT coalesce(scheduled_for, started_at, created_at) FROM nightshift_run r
         WHERE status = '{status}' AND r.job >= %(job)s AND r.job <= %(job)s
         ORDER BY status, job, id DESC LIMIT {LATEST})"""  # noqa: S608 — words of ours
        for status in sorted(BAD)
    ]
    + [
        f"""(
        SELECT first FROM (
               SELECT first, fate FROM nightshift_gap g WHERE g.job >= %(job)s AND g.job <= %(job)s
                ORDER BY job, id DESC LIMIT {LATEST}) AS latest
         WHERE fate = '{Fate.MISSED.value}')"""  # noqa: S608 — words of ours
    ]
)


def bad_hours(job: str, zone: ZoneInfo) -> Counter[tuple[int, int]]:
    """By weekday (Monday is 0) and hour of the zone's clock, how many. A gap counts once, when it began. One query."""
    moments = (moment.astimezone(zone) for (moment,) in sql.rows(STATEMENT, {"job": job}))
    return Counter((moment.weekday(), moment.hour) for moment in moments)
