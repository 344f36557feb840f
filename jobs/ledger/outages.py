"""Our own outage: while no tick came, nothing was decided. It is one incident, in place of those of each job."""

from datetime import datetime, timedelta
from typing import NamedTuple

from jobs.choices import Fate, Reason
from jobs.formats import counted
from jobs.ledger import judging, notices, sql
from jobs.schedule.ncrontab import InvalidExpression
from jobs.schedule.occurrences import Schedule
from jobs.schedule.zones import UnknownZone

# Ticks that stay away for less are a deployment, or a host that moved.
OUTAGE = timedelta(minutes=5)
# What was due just before the last tick was left to the next one.
LEFT = timedelta(minutes=2)


def parameters() -> dict[str, object]:
    return {"outage": OUTAGE, "left": LEFT}


def folds(moment: str) -> str:
    """Of a moment, given in SQL: whether we were away then, or are: no tick has come since."""
    return f"""
        (EXISTS (SELECT FROM (SELECT opened_at, resolved_at, last_at FROM nightshift_incident
                               WHERE job = '' ORDER BY id DESC LIMIT 1) AS o
                  WHERE {moment} BETWEEN o.opened_at - %(left)s AND coalesce(o.resolved_at, o.last_at))
         OR EXISTS (SELECT FROM nightshift_lasttick t
                     WHERE t.seen_at < clock_timestamp() - %(outage)s AND {moment} >= t.seen_at - %(left)s))"""  # noqa: S608


# For the statement that notes that a tick sees the database: `before` is when one last did, `noted` the present one.
# It is only told once it is known what became of the occurrences (`report`): until then the incident stays open.
_OPENING = """
    , away AS (
        INSERT INTO nightshift_incident AS i (job, cause, opened_at, last_at, detail)
        SELECT '', 'not_running', before.seen_at, noted.seen_at, 'Not running.'
          FROM before, noted
         WHERE noted.seen_at - before.seen_at >= %(outage)s AND NOT %(was_here)s
            ON CONFLICT (job, cause) WHERE resolved_at IS NULL DO UPDATE SET last_at = excluded.last_at
    )
"""


def opening() -> str:
    """What the tick's note of itself opens, for its statement."""
    return _OPENING if judging.is_on() else ""


class _Fates(NamedTuple):
    """What became of the occurrences of an outage."""

    jobs: set[str]
    caught_up: int = 0
    superseded: int = 0
    missed: int = 0

    @property
    def occurrences(self) -> int:
        return self.caught_up + self.superseded + self.missed


def report() -> None:
    """Close the incident of an outage that is over, with what became of its occurrences. Last of what a tick does.

    Where none were due, nobody hears of it.
    """
    found = sql.row(
        """
        SELECT id, opened_at, last_at FROM nightshift_incident WHERE job = '' AND resolved_at IS NULL
        """
    )
    if found is None:
        return
    incident, since, until = found
    fates = _fates(since - LEFT, until)
    notices.write(
        """
        WITH closed AS (
            UPDATE nightshift_incident
               SET resolved_at = last_at, resolution = 'recovered', detail = %(detail)s, count = %(count)s
             WHERE id = %(id)s AND resolved_at IS NULL
            RETURNING id
        )
        INSERT INTO nightshift_notice (incident_id, kind, at)
        SELECT id, 'opened', clock_timestamp() FROM closed WHERE %(count)s > 0
        RETURNING id
        """,
        {"id": incident, "detail": sentence(since, until, fates), "count": fates.occurrences},
    )


def sentence(since: datetime, until: datetime, fates: _Fates) -> str:
    """Not running 02:10–02:47 UTC: 37 occurrences of 12 jobs; 9 caught up, 28 superseded."""
    same_day = since.date() == until.date()
    span = f"{since:%H:%M}–{until:%H:%M} UTC" if same_day else f"{since:%Y-%m-%d %H:%M} – {until:%Y-%m-%d %H:%M} UTC"
    if not fates.occurrences:
        return f"Not running {span}: nothing was due."
    parts = ((fates.caught_up, "caught up"), (fates.superseded, "superseded"), (fates.missed, "missed"))
    shares = ", ".join(f"{number:,} {what}" for number, what in parts if number)
    what = f"{counted(fates.occurrences, 'occurrence')} of {counted(len(fates.jobs), 'job')}"
    return f"Not running {span}: {what}; {shares}."


def _fates(since: datetime, until: datetime) -> _Fates:
    rows = sql.rows(
        """
        SELECT s.job, '', '', NULL::timestamptz, NULL::timestamptz, count(*)
          FROM nightshift_jobstate s JOIN nightshift_run r ON r.job = s.job
         WHERE r.scheduled_for > %(since)s AND r.scheduled_for <= %(until)s AND r.status <> 'missed'
           AND r.trigger = 'catch_up'
         GROUP BY s.job
        UNION ALL
        SELECT s.job, 'missed', '', NULL, NULL, count(*)
          FROM nightshift_jobstate s JOIN nightshift_run r ON r.job = s.job
         WHERE r.scheduled_for > %(since)s AND r.scheduled_for <= %(until)s AND r.status = 'missed'
         GROUP BY s.job
        UNION ALL
        SELECT s.job, g.reason, g.fingerprint, greatest(g.first, %(since)s), least(g.last, %(until)s),
               CASE WHEN g.first >= %(since)s AND g.last <= %(until)s THEN g.count END
          FROM nightshift_jobstate s JOIN nightshift_gap g ON g.job = s.job
         WHERE g.last > %(since)s AND g.first <= %(until)s AND g.fate = %(missed)s AND g.reason <> %(unscheduled)s
        """,
        {"since": since, "until": until, "missed": Fate.MISSED, "unscheduled": Reason.UNSCHEDULED},
    )
    numbers: dict[str, int] = {}
    for _, reason, fingerprint, first, last, count in rows:
        numbers[reason] = numbers.get(reason, 0) + (_count(fingerprint, first, last) if count is None else count)
    superseded = numbers.pop(Reason.SUPERSEDED, 0)
    caught_up = numbers.pop("", 0)
    return _Fates({job for job, *_ in rows}, caught_up, superseded, sum(numbers.values()))


def _count(fingerprint: str, first: datetime, last: datetime) -> int:
    """How many occurrences of a gap lie in the outage; one where its schedule can't be read here."""
    try:
        return Schedule.of_fingerprint(fingerprint).count(first - datetime.resolution, last)
    except (InvalidExpression, UnknownZone):
        return 1
