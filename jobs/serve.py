"""The one place where scheduled runs are born.

`serve` decides the fate of every occurrence between a job's watermark and now, under the lock on the job's `JobState`.
Timers call it for their job, the tick for all that are due. It takes at most six statements, for one job or for ten
thousand.
"""

import json
import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from jobs import declarations, disabled, sql, states, telemetry, transitions
from jobs.declarations import Job
from jobs.fate import Activity, Birth, Situation, Span, Verdict, decide
from jobs.faults import point
from jobs.words import Fate, Overlap

log = logging.getLogger(__name__)


class Born(NamedTuple):
    """A run that `serve` gave birth to."""

    run: int
    job: str
    scheduled_for: datetime


class _State(NamedTuple):
    """A row of JobState with what is needed of its last gap, and the database's clock."""

    job: str
    fingerprint: str
    ledger_through: datetime | None
    paused_at: datetime | None
    paused_until: datetime | None
    paused_by: str
    paused_reason: str
    last_gap: int | None
    gap_fate: str
    gap_reason: str
    gap_by: str
    gap_note: str
    gap_blocked_by: int | None
    clock: datetime


def serve(
    jobs: Iterable[Job],
    now: datetime | None = None,
    *,
    patience: timedelta = timedelta(0),
    skip_locked: bool = False,
) -> list[Born]:
    """Decide the fate of all occurrences of `jobs` between their watermarks and `now`, and record it.

    `now` is the database's clock unless given. Occurrences younger than `patience` are left to the timers of jobs that
    have one. With `skip_locked`, jobs that another process serves at this moment are left to it.

    Gives back the runs that were born, oldest first. They are queued; nobody was rung.
    """
    scheduled = {job.name: job for job in jobs if job.schedule}
    if not scheduled:
        return []
    with transaction.atomic():
        locked = _lock(list(scheduled), skip_locked)
        if missing := scheduled.keys() - {state.job for state in locked}:
            states.begin([scheduled[name] for name in missing], now)
            locked = _lock(list(scheduled), skip_locked)
        born = _serve_locked(scheduled, locked, now, patience)
        point("birth.before_commit")
    point("birth.after_commit")
    for run in born:
        log.info("born run=%s job=%s scheduled_for=%s", run.run, run.job, run.scheduled_for.isoformat())
    return born


def _lock(names: list[str], skip_locked: bool) -> list[_State]:
    # In the order of the names, so that two calls never wait for each other in a circle.
    found = sql.rows(
        f"""
        SELECT s.job, s.fingerprint, s.ledger_through,
               s.paused_at, s.paused_until, s.paused_by, s.paused_reason,
               g.id, g.fate, g.reason, g.by, g.note, g.blocked_by_id, clock_timestamp()
          FROM jobs_jobstate s LEFT JOIN jobs_gap g ON g.id = s.last_gap_id AND g.fingerprint = s.fingerprint
         WHERE s.job = ANY(%s)
         ORDER BY s.job
           FOR UPDATE OF s {"SKIP LOCKED" if skip_locked else ""}
        """,  # noqa: S608
        [names],
    )
    return [_State(*row) for row in found]


def _serve_locked(
    jobs: dict[str, Job], locked: Sequence[_State], now: datetime | None, patience: timedelta
) -> list[Born]:
    updates: list[dict[str, Any]] = []
    restarts: list[tuple[_State, Job]] = []
    due: list[tuple[Job, _State, datetime, datetime, datetime]] = []
    for state in locked:
        job = jobs[state.job]
        schedule = job.schedule
        if schedule is None:
            continue
        moment = now or state.clock
        through = state.ledger_through
        restarted = state.fingerprint != job.fingerprint or through is None
        if restarted:
            through = min(max(filter(None, (through, declarations.FIRST_SEEN))), moment)
            restarts.append((state, job))
        assert through is not None
        due_until = moment - patience if job.has_timer else moment
        first = schedule.next(through)
        if first is not None and first <= due_until:
            due.append((job, state, through, due_until, moment))
        if restarted or (first is not None and first <= due_until):
            updates.append(
                {
                    "job": job.name,
                    "fingerprint": job.fingerprint,
                    "ledger_from": states.text(through) if restarted else None,
                    "through": states.text(max(through, due_until)),
                    "next_due": states.text(schedule.next(max(through, due_until))),
                    "resumed": state.paused_until is not None and state.paused_until <= due_until,
                    "last_gap": None,
                }
            )
    _record_restarts(restarts)
    born: list[Born] = []
    if due:
        activity = states.activity([job.name for job, *_ in due], min(through for _, _, through, _, _ in due))
        verdicts = [
            (job, state, decide(job, job.schedule, _situation(job, state, through, due_until, moment, activity)))
            for job, state, through, due_until, moment in due
            if job.schedule
        ]
        transitions.cancel_for_replacement([run for _, _, verdict in verdicts for run in verdict.replaces])
        born = _insert_runs(verdicts)
        gaps = _insert_gaps(verdicts)
        for update in updates:
            update["last_gap"] = gaps.get(update["job"])
    if updates:
        _advance(updates)
    return born


def _situation(
    job: Job,
    state: _State,
    through: datetime,
    due_until: datetime,
    now: datetime,
    activity: dict[str, list[Activity]],
) -> Situation:
    return Situation(
        ledger_through=through,
        now=now,
        due_until=due_until,
        activity=[run for run in activity[job.name] if run.finished_at is None or run.finished_at > through],
        disabled_by=disabled.setting_that_disables(job.name),
        paused=state.paused_at is not None,
        paused_until=state.paused_until,
        paused_by=state.paused_by,
        paused_reason=state.paused_reason,
    )


def _record_restarts(restarts: Sequence[tuple[_State, Job]]) -> None:
    """An edited schedule invents no past: the new one's ledger begins now, and an event says so."""
    events = [
        {
            "job": job.name,
            "message": f"The schedule changed from {state.fingerprint} to {job.fingerprint}: its ledger begins anew.",
        }
        for state, job in restarts
        if state.fingerprint
    ]
    if not events:
        return
    sql.execute(
        """
        INSERT INTO jobs_event (job, kind, by, message)
        SELECT job, 'schedule_changed', 'code', message FROM jsonb_to_recordset(%s) AS new(job text, message text)
        """,
        [json.dumps(events)],
    )


def _insert_runs(verdicts: Sequence[tuple[Job, _State, Verdict]]) -> list[Born]:
    rows = [
        {
            "job": job.name,
            "trigger": birth.trigger,
            "scheduled_for": birth.scheduled_for.isoformat(),
            "arguments": list(job.arguments),
            "start_by": states.text(birth.start_by),
            "exclusive": job.overlap is not Overlap.ALLOW,
            "concurrency_group": job.concurrency_group or "",
        }
        for job, _, verdict in verdicts
        for birth in verdict.births
    ]
    if not rows:
        return []
    found = sql.rows(
        """
        INSERT INTO jobs_run (job, trigger, scheduled_for, status, arguments, requested_by, start_by, exclusive,
                              concurrency_group, attempt, failures, cancelled_by, reason, error,
                              created_at, not_before)
        SELECT job, trigger, scheduled_for, 'queued', arguments, 'schedule', start_by, exclusive,
               concurrency_group, 0, 0, '', '', '', clock_timestamp(), clock_timestamp()
          FROM jsonb_to_recordset(%s)
            AS new(job text, trigger text, scheduled_for timestamptz, arguments jsonb, start_by timestamptz,
                   exclusive boolean, concurrency_group text)
         ORDER BY scheduled_for
            ON CONFLICT (job, scheduled_for) DO NOTHING
        RETURNING id, job, scheduled_for
        """,
        [json.dumps(rows)],
    )
    return [Born(*row) for row in found]


def _insert_gaps(verdicts: Sequence[tuple[Job, _State, Verdict]]) -> dict[str, int]:
    """Write the gaps, and give for each job whose latest fate is a gap that gap's id.

    A gap that only goes on where the job's last one ended lengthens that row: a month's pause is one row.
    """
    rows: list[dict[str, Any]] = []
    longer: list[dict[str, Any]] = []
    latest: dict[str, int] = {}
    for job, state, verdict in verdicts:
        for place, fate in enumerate(verdict.fates):
            if isinstance(fate, Birth):
                continue
            if fate.fate == Fate.MISSED:
                telemetry.missed(job.name, fate.reason, fate.count)
            if place == 0 and state.last_gap is not None and _goes_on(job, state, fate):
                longer.append({"gap": state.last_gap, "last": fate.last.isoformat(), "count": fate.count})
                if len(verdict.fates) == 1:
                    latest[job.name] = state.last_gap
                continue
            rows.append(
                {
                    "job": job.name,
                    "fingerprint": job.fingerprint,
                    "first": fate.first.isoformat(),
                    "last": fate.last.isoformat(),
                    "count": fate.count,
                    "fate": fate.fate,
                    "reason": fate.reason,
                    "by": fate.by,
                    "note": fate.note,
                    "blocked_by": fate.blocked_by,
                    "is_latest": place == len(verdict.fates) - 1,
                }
            )
    if longer:
        _lengthen(longer)
    if rows:
        found = sql.rows(
            """
            INSERT INTO jobs_gap (job, fingerprint, first, last, count, fate, reason, by, note, blocked_by_id)
            SELECT job, fingerprint, first, last, count, fate, reason, by, note, blocked_by
              FROM jsonb_to_recordset(%s)
                AS new(job text, fingerprint text, first timestamptz, last timestamptz, count bigint, fate text,
                       reason text, by text, note text, blocked_by bigint)
            RETURNING job, last, id
            """,
            [json.dumps(rows)],
        )
        ids = {(job, last): gap for job, last, gap in found}
        for row in rows:
            if row["is_latest"]:
                latest[row["job"]] = ids[row["job"], datetime.fromisoformat(row["last"])]
    return latest


def _goes_on(job: Job, state: _State, span: Span) -> bool:
    """Whether the span only goes on where the job's last gap ended."""
    cause = (state.gap_fate, state.gap_reason, state.gap_by, state.gap_note, state.gap_blocked_by)
    return state.fingerprint == job.fingerprint and span.same_cause(*cause)


def _lengthen(longer: list[dict[str, Any]]) -> None:
    sql.execute(
        """
        UPDATE jobs_gap g SET last = new.last, count = g.count + new.count
          FROM jsonb_to_recordset(%s) AS new(gap bigint, last timestamptz, count bigint)
         WHERE g.id = new.gap
        """,
        [json.dumps(longer)],
    )


def _advance(updates: list[dict[str, Any]]) -> None:
    sql.execute(
        """
        UPDATE jobs_jobstate s
           SET fingerprint = new.fingerprint, ledger_from = coalesce(new.ledger_from, s.ledger_from),
               ledger_through = new.through, next_due_at = new.next_due, last_gap_id = new.last_gap,
               paused_at = CASE WHEN new.resumed THEN NULL ELSE s.paused_at END,
               paused_until = CASE WHEN new.resumed THEN NULL ELSE s.paused_until END
          FROM jsonb_to_recordset(%s)
            AS new(job text, fingerprint text, ledger_from timestamptz, through timestamptz, next_due timestamptz,
                   last_gap bigint, resumed boolean)
         WHERE s.job = new.job
        """,
        [json.dumps(updates)],
    )
