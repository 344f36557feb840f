"""Rules about time, judged by the tick: what hasn't started, hasn't succeeded, still runs or was forgotten.

All jobs with such a rule are judged in one statement. It also closes what is over, beside what ends of runs close.
"""

import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from jobs.choices import Cause
from jobs.declarations import alert
from jobs.declarations.alert import Alert
from jobs.formats import format_duration
from jobs.ledger import in_force, notices, sql, verdicts, watched
from jobs.ledger.incidents import CLOSED_BY_SUCCESS
from jobs.ledger.watched import Watched

# After an outage of ours, ticks, timers and supervisors need a while to catch up.
CALM = timedelta(minutes=5)
DAY = timedelta(days=1)
# These are open for as long as what they are about goes on.
STATES = (Cause.LATE_START, Cause.STILL_RUNNING, Cause.FORGOTTEN_PAUSE, Cause.DRIFT)

_UTC = "to_char({} AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI') || ' UTC'"
_AT_WORK = f"""
    NOT EXISTS (SELECT FROM nightshift_intervention i
                 WHERE i.job IN (rule.job, '') AND i.kind IN ('pause', 'hold') AND {in_force.condition("moment.at")})"""
# Each gives, of the rules of its kind that are broken: job, cause, since when, the run and what was found.
_FOUND = {
    Cause.LATE_START: f"""
        SELECT rule.job, rule.cause, r.scheduled_for, r.id,
               'Run ' || r.id || ', due at ' || {_UTC.format("r.scheduled_for")} || ', hasn''t started for more than '
               || rule.words || '.'
          FROM rule, moment, LATERAL (
                   SELECT id, scheduled_for FROM nightshift_run r
                    WHERE r.job = rule.job AND r.status = 'queued' AND r.attempt = 0 AND NOT r.yields
                      AND r.scheduled_for <= moment.at - rule.after ORDER BY r.scheduled_for LIMIT 1) AS r
         WHERE rule.cause = 'late_start' AND {_AT_WORK}""",  # noqa: S608 — all of them are fixed
    Cause.STILL_RUNNING: f"""
        SELECT rule.job, rule.cause, r.started_at, r.id,
               'Run ' || r.id || ' has been running since ' || {_UTC.format("r.started_at")} || ', longer than '
               || rule.words || '.'
          FROM rule, moment, LATERAL (
                   SELECT id, started_at FROM nightshift_run r
                    WHERE r.job = rule.job AND r.status = 'running' AND r.started_at <= moment.at - rule.after
                    ORDER BY r.started_at LIMIT 1) AS r
         WHERE rule.cause = 'still_running'""",  # noqa: S608
    Cause.FORGOTTEN_PAUSE: f"""
        SELECT rule.job, rule.cause, i.began_at, NULL::bigint,
               'Paused by ' || i.by || ' since ' || {_UTC.format("i.began_at")} || ', longer than ' || rule.words
               || ', and no end is set.'
          FROM rule, moment, nightshift_intervention i
         WHERE rule.cause = 'forgotten_pause' AND i.job = rule.job AND i.kind = 'pause' AND i.ended_at IS NULL
           AND i.until IS NULL AND i.began_at <= moment.at - rule.after""",  # noqa: S608
    Cause.DRIFT: f"""
        SELECT rule.job, rule.cause, i.began_at, NULL::bigint,
               'An override by ' || i.by || ' has replaced the declaration since ' || {_UTC.format("i.began_at")}
               || ', longer than ' || rule.words || '.'
          FROM rule, moment, nightshift_intervention i
         WHERE rule.cause = 'drift' AND i.job = rule.job AND i.kind = 'override'
           AND {in_force.condition("moment.at")} AND i.began_at <= moment.at - rule.after""",  # noqa: S608
    # Counted from the last success, else from the ledger's beginning; not while an operator kept it from running.
    Cause.NOT_SUCCEEDED_FOR: f"""
        SELECT rule.job, rule.cause, base.since, NULL::bigint,
               'No run has succeeded for more than ' || rule.words || '.'
          FROM rule, moment, LATERAL (
                   SELECT greatest(
                       coalesce((SELECT r.finished_at FROM nightshift_run r
                                  WHERE r.job = rule.job AND r.status = 'succeeded' ORDER BY r.id DESC LIMIT 1),
                                (SELECT s.ledger_from FROM nightshift_jobstate s WHERE s.job = rule.job),
                                (SELECT r.created_at FROM nightshift_run r
                                  WHERE r.job = rule.job ORDER BY r.id LIMIT 1)),
                       (SELECT max(coalesce(i.ended_at, i.until)) FROM nightshift_intervention i
                         WHERE i.job IN (rule.job, '') AND i.kind IN ('pause', 'hold'))) AS since) AS base
         WHERE rule.cause = 'not_succeeded_for' AND base.since <= moment.at - rule.after AND {_AT_WORK}""",  # noqa: S608
    # What was due is what the ledger says, so another schedule of today's invents nothing.
    Cause.MUST_SUCCEED_BY: f"""
        SELECT rule.job, rule.cause, rule.until, NULL::bigint,
               'No run had succeeded by ' || rule.words || ' for what was due at ' || {_UTC.format("due.first")} || '.'
          FROM rule, moment, LATERAL (
                   SELECT min(at) AS first FROM (
                       SELECT r.scheduled_for AS at FROM nightshift_run r
                        WHERE r.job = ANY(rule.family) AND r.status <> 'skipped'
                          AND r.scheduled_for > rule.since AND r.scheduled_for <= rule.until
                       UNION ALL
                       SELECT greatest(g.first, rule.since) FROM nightshift_gap g
                        WHERE g.job = ANY(rule.family) AND g.first <= rule.until AND g.last > rule.since
                          AND g.fate = 'missed' AND g.reason <> 'unscheduled') AS each) AS due
         WHERE rule.cause = 'must_succeed_by' AND due.first IS NOT NULL AND {_AT_WORK}
           AND NOT EXISTS (SELECT FROM nightshift_run r
                            WHERE r.job = rule.job AND r.status = 'succeeded' AND r.scheduled_for >= due.first)
           AND NOT coalesce((SELECT r.finished_at >= due.first FROM nightshift_run r
                              WHERE r.job = rule.job AND r.status = 'succeeded' ORDER BY r.id DESC LIMIT 1), false)
           AND NOT EXISTS (SELECT FROM nightshift_run r
                            WHERE r.job = rule.job AND r.status = 'skipped' AND r.scheduled_for > rule.since
                              AND r.scheduled_for <= rule.until AND r.reason IN ('paused', 'held', 'disabled'))""",  # noqa: S608
}
# Of open incidents `i`: whether they are over.
_IS_OVER = f"""
    (i.cause IN ({", ".join(f"'{cause.value}'" for cause in STATES)})
     AND NOT EXISTS (SELECT FROM found WHERE found.job = i.job AND found.cause = i.cause))
    -- Two runs may have ended at the same moment, each unseen by the other; or somebody held the incident's row.
    OR (i.cause IN ({", ".join(f"'{cause.value}'" for cause in CLOSED_BY_SUCCESS)})
        AND (SELECT r.finished_at > i.last_at FROM nightshift_run r
              WHERE r.job = i.job AND r.status = 'succeeded' ORDER BY r.id DESC LIMIT 1))
    OR (i.cause = 'flapping' AND (
        SELECT count(*) = %(alike)s AND bool_and(status = 'succeeded') FROM (
            SELECT status FROM nightshift_run r
             WHERE r.job = i.job AND status IN ('succeeded', 'failed', 'timed_out', 'lost')
             ORDER BY id DESC LIMIT %(alike)s) AS latest))
"""  # noqa: S608


def have_rules() -> bool:
    """Whether any job has a rule about time."""
    return not watched.causes_of_all().isdisjoint(_FOUND)


def judge(now: datetime, *, alone: bool = True) -> None:
    """Open and close incidents by the clock. `now` is the database's, as this tick has read it.

    `alone`: no other release is at work, so what this process doesn't declare is declared nowhere: its incidents end.
    """
    if alone:
        _close_undeclared()
    rules = [rule for name, found in watched.of_all().items() for rule in _rules(name, found, now)]
    notices.write(
        f"""
        WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS at),
        rule AS MATERIALIZED (
            SELECT job, cause, after, words, since, until, ARRAY(SELECT jsonb_array_elements_text(family)) AS family
              FROM jsonb_to_recordset(%(rules)s) AS new(job text, cause text, after interval, words text,
                                                        family jsonb, since timestamptz, until timestamptz)
        ), found (job, cause, since, run_id, detail) AS MATERIALIZED ({" UNION ALL ".join(_FOUND.values())}),
        opened AS (
            INSERT INTO nightshift_incident AS i (job, cause, opened_at, first_run_id, last_run_id, last_at, detail)
            SELECT f.job, f.cause, moment.at, f.run_id, f.run_id, moment.at, f.detail
              FROM found f, moment
             WHERE EXISTS (SELECT FROM nightshift_lasttick t WHERE t.unbroken_since <= moment.at - %(calm)s)
               -- An operator has said of this very thing that it is done.
               AND NOT EXISTS (SELECT FROM nightshift_incident h
                                WHERE h.job = f.job AND h.cause = f.cause AND h.resolution = 'by_hand'
                                  AND h.resolved_at >= f.since)
             ORDER BY f.job, f.cause
                ON CONFLICT (job, cause) WHERE resolved_at IS NULL DO NOTHING
            RETURNING i.id, i.last_run_id
        ), over AS (
            -- What somebody changes at this moment is left to the next tick.
            SELECT i.id FROM nightshift_incident i WHERE i.resolved_at IS NULL AND ({_IS_OVER})
             ORDER BY i.job, i.cause FOR NO KEY UPDATE OF i SKIP LOCKED
        ), closed AS (
            UPDATE nightshift_incident i SET resolved_at = clock_timestamp(), resolution = 'recovered'
              FROM over WHERE i.id = over.id
            RETURNING i.id
        )
        INSERT INTO nightshift_notice (incident_id, kind, at, run_id)
        SELECT id, 'opened', (SELECT at FROM moment), last_run_id FROM opened
        UNION ALL SELECT id, 'resolved', (SELECT at FROM moment), NULL FROM closed
        RETURNING id
        """,  # noqa: S608 — all of it is fixed
        {"rules": json.dumps(rules), "calm": CALM, "alike": verdicts.ALIKE},
    )


def _rules(name: str, found: Watched, now: datetime) -> Iterator[dict[str, Any]]:
    for rule in found.rules.values():
        match rule:
            case alert.must_succeed_by() if found.schedule is not None:
                since, until = _day_until(rule, found.schedule.zone, now)
                words = f"{rule.at} ({found.schedule.zone.key})"
                yield _row(name, rule, words, family=found.family, since=since.isoformat(), until=until.isoformat())
            case (
                alert.late_start()
                | alert.still_running()
                | alert.forgotten_pause()
                | alert.drift()
                | alert.not_succeeded_for()
            ):
                yield _row(name, rule, format_duration(rule.after), after=f"{rule.after.total_seconds()} seconds")


def _row(name: str, rule: Alert, words: str, **values: Any) -> dict[str, Any]:
    return {"job": name, "cause": rule.cause, "words": words, "family": [], **values}


def _day_until(rule: alert.must_succeed_by, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """The last time that the rule names, by the clock on the wall, and the one on the day before."""
    day = now.astimezone(zone).date()
    if datetime.combine(day, rule.time, zone) > now:
        day -= DAY
    return datetime.combine(day - DAY, rule.time, zone), datetime.combine(day, rule.time, zone)


def _close_undeclared() -> None:
    """Close the incidents of jobs and rules that are declared no longer."""
    rules = watched.of_all()
    found = sql.rows("SELECT id, job, cause FROM nightshift_incident WHERE resolved_at IS NULL AND job <> ''")
    gone = [id for id, job, cause in found if job not in rules or _rule_of(cause) not in rules[job].rules]
    if gone:
        notices.write(
            """
            WITH over AS (
                SELECT id FROM nightshift_incident WHERE id = ANY(%s) AND resolved_at IS NULL
                 ORDER BY job, cause FOR NO KEY UPDATE SKIP LOCKED
            ), closed AS (
                UPDATE nightshift_incident i SET resolved_at = clock_timestamp(), resolution = 'undeclared'
                  FROM over WHERE i.id = over.id
                RETURNING i.id
            )
            INSERT INTO nightshift_notice (incident_id, kind, at) SELECT id, 'resolved', clock_timestamp() FROM closed
            RETURNING id
            """,
            [gone],
        )


def _rule_of(cause: str) -> str:
    return Cause.FAILED if cause == Cause.FLAPPING else cause
