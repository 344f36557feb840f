"""The state rows: made when a job is first seen, and locked while something is decided about the job."""

import json
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from jobs import clocks
from jobs.choices import InterventionKind
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.ledger import releases, sql, timing
from jobs.ledger.eras import Ledger
from jobs.ledger.overlap import Activity
from jobs.models import Intervention
from jobs.schedule.zones import rules_of


class State(NamedTuple):
    """A row of JobState with what is needed of its last gap, its interventions from the watermark on, and the clock.

    `version` is the row's `xmin`: another one means that the row has changed. `in_charge` is the key of the release in
    charge. `activity` is only there where it was asked for.
    """

    job: str
    clock: datetime
    version: str
    ledger: Ledger
    zone_rules: str
    interventions: list[Intervention]
    last_gap: int | None
    gap_last: datetime | None
    gap_fate: str
    gap_reason: str
    gap_by: str
    gap_note: str
    gap_blocked_by: int | None
    rewound_from: datetime | None
    in_charge: str | None
    activity: list[Activity]


def read(jobs: Sequence[str], *, active_since: datetime | None = None, lock: str = "") -> list[State]:
    """The rows of these jobs, in the order of their names: two that lock never wait for each other in a circle.

    With a moment, each with the activity since its watermark, or since that moment where it has none.
    """
    return _read("s.job = ANY(%(jobs)s)", jobs, active_since, lock)


def read_unscheduled(scheduled: Sequence[str]) -> list[State]:
    """The rows of jobs that have a ledger, and no schedule any more."""
    return _read("s.fingerprint <> '' AND NOT s.job = ANY(%(jobs)s)", scheduled)


def hold(
    jobs: Sequence[str], steps: Sequence[str], seen: Iterable[State], active_since: datetime, *, skip_locked: bool
) -> list[State]:
    """Lock the rows of these jobs and steps, and read them. `seen` is what a look without a lock found of the jobs.

    A statement that waits for a row's lock gets the newest row, but what it joins to the row is that of its snapshot:
    an operator may have paused the job meanwhile, or asked for a run. Whoever does that changes the row: where a job's
    has changed since the look, all are read again.
    """
    lock = "FOR UPDATE OF s SKIP LOCKED" if skip_locked else "FOR UPDATE OF s"
    held = read([*jobs, *steps], active_since=active_since, lock=lock)
    versions, not_looked_at = {state.job: state.version for state in seen}, set(steps)
    if any(versions.get(state.job) != state.version for state in held if state.job not in not_looked_at):
        return read([state.job for state in held], active_since=active_since)
    return held


# The runs of a job that are active, and those that ended after its watermark.
ACTIVE = """
    SELECT id, coalesce(requested_for, created_at), attempt > 0, trigger = 'catch_up', yields,
           -- One whose lease ran out is nobody's, though not called lost yet: it is in nobody's way after that.
           CASE WHEN status = 'running' AND lease_expires_at < clock_timestamp() THEN lease_expires_at END
      FROM nightshift_run r
     WHERE r.job = %(job)s AND status IN ('queued', 'running')
       -- A run asked for at a later moment is in nobody's way until then.
       AND (status = 'running' OR attempt > 0 OR not_before <= clock_timestamp())
"""
ACTIVITY = f"""
    (SELECT json_agg(json_build_array(id, begun, started, caught_up, yields, finished_at) ORDER BY id) FROM (
            {ACTIVE.replace("%(job)s", "s.job")}
            UNION ALL
            SELECT id, coalesce(requested_for, created_at), attempt > 0, trigger = 'catch_up', yields,
                   finished_at
              FROM nightshift_run r
             WHERE r.job = s.job AND finished_at > coalesce(s.ledger_through, %(active_since)s)
               AND status NOT IN ('skipped', 'missed')
     ) AS found(id, begun, started, caught_up, yields, finished_at))
"""  # noqa: S608 — fixed


INTERVENTION = (
    "id",
    "job",
    "kind",
    "by",
    "reason",
    "began_at",
    "until",
    "ended_at",
    "schedule",
    "time_zone",
    "arguments",
)


def _read(condition: str, jobs: Sequence[str], active_since: datetime | None = None, lock: str = "") -> list[State]:
    found = sql.rows(
        f"""
        SELECT s.job, clock_timestamp(), s.xmin::text,
               s.fingerprint, s.declared, s.ledger_from, s.ledger_through, s.zone_rules,
               g.id, g.last, g.fate, g.reason, g.by, g.note, g.blocked_by_id, s.rewound_from,
               ({releases.IN_CHARGE}), {ACTIVITY if active_since else "NULL::json"},
               {", ".join(f"i.{column}" for column in INTERVENTION)}
          FROM nightshift_jobstate s
          LEFT JOIN nightshift_gap g ON g.id = s.last_gap_id AND g.fingerprint = s.fingerprint
          -- One that has ended says what was due until then, where that isn't decided.
          LEFT JOIN nightshift_intervention i
                 ON i.job IN (s.job, '') AND (i.ended_at IS NULL OR i.ended_at > s.ledger_through)
         WHERE {condition}
         ORDER BY s.job, i.began_at {lock}
        """,  # noqa: S608 — condition, lock and the columns are fixed
        {"jobs": list(jobs), "active_since": active_since, "silent": timing.LONGEST_PAUSE},
    )
    return [_state(list(rows)) for _, rows in groupby(found, key=itemgetter(0))]


def _state(rows: Sequence[tuple[Any, ...]]) -> State:
    """The state of one job from its rows: one for each of its interventions."""
    job, clock, version, fingerprint, declared, since, through, zone_rules, *rest = rows[0]
    interventions = [_intervention(row[-len(INTERVENTION) :]) for row in rows if row[-len(INTERVENTION)] is not None]
    overrides = [found for found in interventions if found.kind == InterventionKind.OVERRIDE]
    ledger = Ledger(fingerprint=fingerprint, declared=declared, since=since, through=through, overrides=overrides)
    *others, activity = rest[: -len(INTERVENTION)]
    runs = [_activity(*run) for run in activity or ()]
    return State._make([job, clock, version, ledger, zone_rules, interventions, *others, runs])


def _activity(run: int, begun: str, started: bool, caught_up: bool, yields: bool, finished_at: str | None) -> Activity:
    return Activity(
        run=run,
        since=datetime.fromisoformat(begun),
        finished_at=datetime.fromisoformat(finished_at) if finished_at else None,
        started=started,
        caught_up=caught_up,
        yields=yields,
    )


def _intervention(row: Sequence[Any]) -> Intervention:
    *columns, arguments = row
    found = dict(zip(INTERVENTION, columns, strict=False))
    return Intervention(**found, arguments=None if arguments is None else json.loads(arguments))


def begin(jobs: Iterable[Job], at: datetime | None = None) -> None:
    """Make the state rows that don't exist yet. Their ledger begins when this process first saw them, or at `at`.

    The earlier of the two holds.
    """
    seen = first_seen(clock())
    seen = seen if at is None else min(at, seen)
    rows = [
        {
            "job": job.name,
            "fingerprint": job.fingerprint,
            "zone_rules": rules_of(job.schedule.zone.key) if job.schedule else "",
            "through": seen.isoformat() if job.schedule else None,
            "next_due": text(job.schedule.next(seen) if job.schedule else None),
        }
        for job in jobs
    ]
    sql.execute(
        """
        INSERT INTO nightshift_jobstate
               (job, fingerprint, declared, zone_rules, ledger_from, ledger_through, next_due_at)
        SELECT job, fingerprint, fingerprint, zone_rules, through, through, next_due
          FROM jsonb_to_recordset(%s)
            AS new(job text, fingerprint text, zone_rules text, through timestamptz, next_due timestamptz)
         ORDER BY job
            ON CONFLICT (job) DO NOTHING
        """,
        [json.dumps(rows)],
    )


def first_seen(clock: datetime) -> datetime:
    """When this process could first know what is declared, by the database's clock, which shows `clock` now.

    This machine's own clock may be minutes ahead, which would hide occurrences, or behind, which would invent some.
    """
    return clock - timedelta(seconds=clocks.elapsed() - registry.first_seen)


def ensure(jobs: Sequence[str]) -> None:
    """Make the rows that these jobs don't have yet, without a ledger: timers and tick begin it."""
    if not jobs:
        return
    sql.execute(
        """
        INSERT INTO nightshift_jobstate (job) SELECT job FROM unnest(%s::text[]) AS new(job) ORDER BY job
            ON CONFLICT (job) DO NOTHING
        """,
        [list(jobs)],
    )


def lock(job: Job) -> None:
    """Hold the job's lock until the transaction ends. A row that this makes has no ledger: timers and tick begin it."""
    # The row becomes another version: whoever waits for it reads again what was done under the lock (`hold`).
    take = "UPDATE nightshift_jobstate SET job = job WHERE job = %s RETURNING job"
    if sql.row(take, [job.name]) is None:
        ensure([job.name])
        sql.execute(take, [job.name])


def clock() -> datetime:
    """The database's clock."""
    now: datetime = sql.value("SELECT clock_timestamp()")
    return now


def active(job: str) -> list[Activity]:
    """The active runs of a job, oldest first."""
    found = sql.rows(f"{ACTIVE} ORDER BY id", {"job": job})
    return [
        Activity(run=run, since=begun, finished_at=over_at, started=started, caught_up=caught_up, yields=yields)
        for run, begun, started, caught_up, yields, over_at in found
    ]


def text(moment: datetime | None) -> str | None:
    """A moment as JSON carries it to the database."""
    return moment.isoformat() if moment else None
