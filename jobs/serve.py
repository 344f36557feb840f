"""The one place where scheduled runs are born.

`serve` decides the fate of every occurrence between a job's watermark and now, under the lock on the job's `JobState`.
Timers call it for their job, the tick for all that are due. It takes at most seven statements, for one job or for ten
thousand, beside those for each run that is replaced and each override that ends; one where nothing is due.
"""

import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction

from jobs import disabled, overrides, pipelines, sql, states, telemetry, transitions
from jobs.declarations import Job
from jobs.fate import INSTANT, Activity, Birth, Situation, Span, Verdict, decide
from jobs.faults import point
from jobs.occurrences import Schedule
from jobs.overrides import Override
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
    override: Override | None


@dataclass(frozen=True, slots=True)
class _Window:
    """What there may be to decide about a job: the occurrences in (through, until].

    The job is as its override has it, and the window ends where the override does.
    """

    job: Job
    schedule: Schedule
    state: _State
    through: datetime
    until: datetime
    now: datetime
    restarted: bool  # the schedule is another one than the ledger's
    ends_override: bool

    @property
    def is_due(self) -> bool:
        first = self.schedule.next(self.through)
        return first is not None and first <= self.until

    @property
    def changes_something(self) -> bool:
        return self.restarted or self.ends_override or self.is_due


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
    # A look without a lock: a watermark only goes forward, so what isn't due by it isn't due under the lock either.
    seen = _windows(scheduled, _read(list(scheduled)), now, patience)
    missing = scheduled.keys() - {window.job.name for window in seen}
    names = [*missing, *(window.job.name for window in seen if window.changes_something)]
    if not names:
        return []
    with transaction.atomic():
        if missing:
            states.begin([scheduled[name] for name in missing], now)
        lock = "FOR UPDATE OF s SKIP LOCKED" if skip_locked else "FOR UPDATE OF s"
        windows = _windows(scheduled, _read(_with_steps(scheduled, names), lock=lock), now, patience)
        born = _serve_locked(windows)
        if ended := [window.job.name for window in windows if window.ends_override]:
            # From there on the declaration holds.
            for name in ended:
                states.end_override(scheduled[name])
            born += _serve_locked(_windows(scheduled, _read(ended, lock=lock), now, patience))
        point("birth.before_commit")
    point("birth.after_commit")
    for run in born:
        log.info("born run=%s job=%s scheduled_for=%s", run.run, run.job, run.scheduled_for.isoformat())
    return born


def _with_steps(jobs: Mapping[str, Job], names: list[str]) -> list[str]:
    """These jobs, and the steps that may follow where a run of one is cancelled for another: all are locked at once."""
    return [
        *names,
        *(step for name in names if jobs[name].overlap is Overlap.REPLACE for step in pipelines.descendants(name)),
    ]


def _read(names: list[str], *, lock: str = "") -> list[_State]:
    # In the order of the names, so that two calls never wait for each other in a circle.
    found = sql.rows(
        f"""
        SELECT s.job, s.fingerprint, s.ledger_through,
               s.paused_at, s.paused_until, s.paused_by, s.paused_reason,
               g.id, g.fate, g.reason, g.by, g.note, g.blocked_by_id, clock_timestamp(),
               {overrides.COLUMNS}
          FROM jobs_jobstate s LEFT JOIN jobs_gap g ON g.id = s.last_gap_id AND g.fingerprint = s.fingerprint
         WHERE s.job = ANY(%s)
         ORDER BY s.job {lock}
        """,  # noqa: S608 — the lock and COLUMNS are fixed
        [names],
    )
    return [_State._make([*row[:14], overrides.read(row[14:])]) for row in found]


def _windows(jobs: dict[str, Job], found: Sequence[_State], now: datetime | None, patience: timedelta) -> list[_Window]:
    windows = []
    for state in found:
        if state.job not in jobs:
            continue  # a step, read for its lock
        job = overrides.applied(jobs[state.job], state.override)
        assert job.schedule is not None
        moment = now or state.clock
        through = state.ledger_through
        restarted = state.fingerprint != job.fingerprint or through is None
        if through is None or restarted:
            # Never back: a timer may have served an occurrence a moment before the database's clock came to it.
            first_seen = min(states.first_seen(state.clock), moment)
            through = first_seen if through is None else max(through, first_seen)
        until = moment - patience if job.has_timer else moment
        end = state.override.until if state.override else None
        ends_override = end is not None and end <= until
        if end is not None and ends_override:
            until = end - INSTANT  # from its end on the declaration holds
        windows.append(_Window(job, job.schedule, state, through, until, moment, restarted, ends_override))
    return windows


def _serve_locked(windows: Sequence[_Window]) -> list[Born]:
    _record_restarts([window for window in windows if window.restarted])
    due = [window for window in windows if window.is_due]
    verdicts: list[tuple[_Window, Verdict]] = []
    if due:
        activity = states.activity({window.job.name: window.through for window in due})
        verdicts = [
            (window, decide(window.job, window.schedule, _situation(window, activity[window.job.name])))
            for window in due
        ]
        transitions.cancel_for_replacement([run for _, verdict in verdicts for run in verdict.replaces])
    gaps = _insert_gaps(verdicts)
    changed = [window for window in windows if window.changes_something]
    return _record(_births(verdicts), [_advance(window, gaps.get(window.job.name)) for window in changed])


def _situation(window: _Window, activity: Sequence[Activity]) -> Situation:
    state = window.state
    return Situation(
        ledger_through=window.through,
        now=window.now,
        due_until=window.until,
        activity=[run for run in activity if run.finished_at is None or run.finished_at > window.through],
        disabled_by=disabled.setting_that_disables(window.job.name),
        paused=state.paused_at is not None,
        paused_until=state.paused_until,
        paused_by=state.paused_by,
        paused_reason=state.paused_reason,
    )


def _record_restarts(restarts: Sequence[_Window]) -> None:
    """An edited schedule invents no past: the new one's ledger begins now, and an event says so."""
    events = [
        {
            "job": window.job.name,
            "message": f"The schedule changed from {window.state.fingerprint} to {window.job.fingerprint}: "
            "its ledger begins anew.",
        }
        for window in restarts
        if window.state.fingerprint
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


def _births(verdicts: Sequence[tuple[_Window, Verdict]]) -> list[dict[str, Any]]:
    return [
        {
            "job": window.job.name,
            "trigger": birth.trigger,
            "scheduled_for": birth.scheduled_for.isoformat(),
            "arguments": list(window.job.arguments),
            "start_by": states.text(birth.start_by),
            "exclusive": window.job.overlap is not Overlap.ALLOW,
            "concurrency_group": window.job.group,
        }
        for window, verdict in verdicts
        for birth in verdict.births
    ]


def _advance(window: _Window, last_gap: int | None) -> dict[str, Any]:
    through = max(window.through, window.until)
    # The tick has to look at the job at its next occurrence, and where its override ends.
    end = window.state.override.until if window.state.override else None
    due = window.schedule.next(through)
    return {
        "job": window.job.name,
        "fingerprint": window.job.fingerprint,
        "ledger_from": states.text(window.through) if window.restarted else None,
        "through": states.text(through),
        "next_due": states.text(min(filter(None, (due, end)), default=None)),
        "resumed": window.state.paused_until is not None and window.state.paused_until <= window.until,
        "last_gap": last_gap,
    }


def _record(births: list[dict[str, Any]], advances: list[dict[str, Any]]) -> list[Born]:
    """Insert the runs and move the watermarks on."""
    found = sql.rows(
        """
        WITH advanced AS (
            UPDATE jobs_jobstate s
               SET fingerprint = new.fingerprint, ledger_from = coalesce(new.ledger_from, s.ledger_from),
                   ledger_through = new.through, next_due_at = new.next_due, last_gap_id = new.last_gap,
                   paused_at = CASE WHEN new.resumed THEN NULL ELSE s.paused_at END,
                   paused_until = CASE WHEN new.resumed THEN NULL ELSE s.paused_until END
              FROM jsonb_to_recordset(%s)
                AS new(job text, fingerprint text, ledger_from timestamptz, through timestamptz, next_due timestamptz,
                       last_gap bigint, resumed boolean)
             WHERE s.job = new.job
        )
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
        [json.dumps(advances), json.dumps(births)],
    )
    return [Born(*row) for row in found]


def _insert_gaps(verdicts: Sequence[tuple[_Window, Verdict]]) -> dict[str, int]:
    """Write the gaps, and give for each job whose latest fate is a gap that gap's id.

    A gap that only goes on where the job's last one ended lengthens that row: a month's pause is one row.
    """
    rows: list[dict[str, Any]] = []
    longer: list[dict[str, Any]] = []
    latest: dict[str, int] = {}
    for window, verdict in verdicts:
        job, state = window.job, window.state
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
