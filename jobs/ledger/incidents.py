"""Incidents, opened and closed by what runs and gaps say: in the transaction that records these.

Rows of `nightshift_incident` and `nightshift_notice` are written and nothing else: who hears of it, and how, is decided
later, by `jobs.alerts`.
"""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from jobs.choices import Cause, Status
from jobs.formats import counted, utc_time
from jobs.ledger import judging, notices, outages, verdicts, watched
from jobs.ledger.changed import Changed
from jobs.ledger.statistics import Swallowed
from jobs.ledger.watched import Watched

# A run that succeeds is all that these wait for.
CLOSED_BY_SUCCESS = (Cause.FAILED, Cause.LOST, Cause.MISSED, Cause.MUST_SUCCEED_BY, Cause.NOT_SUCCEEDED_FOR)

# For the statement that ends a run as succeeded: it closes these with it. `finished` is the run. What another session
# holds at this moment is left to the tick.
_CLOSING = f"""
    , over AS (
        SELECT i.id, f.id AS run_id FROM nightshift_incident i, finished f
         WHERE i.job = f.job AND i.resolved_at IS NULL AND f.status = 'succeeded'
           AND i.cause IN ({", ".join(f"'{cause.value}'" for cause in CLOSED_BY_SUCCESS)})
         ORDER BY i.cause FOR NO KEY UPDATE OF i SKIP LOCKED
    ), recovered AS (
        UPDATE nightshift_incident i SET resolved_at = clock_timestamp(), resolution = 'recovered'
          FROM over WHERE i.id = over.id
        RETURNING i.id, over.run_id
    ), notice AS (
        INSERT INTO nightshift_notice (incident_id, kind, at, run_id)
        SELECT id, 'resolved', clock_timestamp(), run_id FROM recovered
    )
"""  # noqa: S608 — fixed

# Incidents that are found again are one, which counts: it is new where it has no more than this statement gave it.
_ADD = """
    ON CONFLICT (job, cause) WHERE resolved_at IS NULL DO UPDATE
   SET count = i.count + excluded.count, last_run_id = excluded.last_run_id, last_at = excluded.last_at,
       error = excluded.error, fingerprint = excluded.fingerprint, release = excluded.release,
       instance = excluded.instance, detail = excluded.detail
RETURNING i.id, i.last_run_id AS run_id, i.count
"""
_NOTIFY = """
    INSERT INTO nightshift_notice (incident_id, kind, at, run_id)
    SELECT id, 'opened', (SELECT at FROM moment), run_id FROM opened
"""


def closing(status: Status) -> str:
    """What a run's end with this status closes, for its statement."""
    return _CLOSING if status is Status.SUCCEEDED and judging.is_on() else ""


def concern(job: str, status: Status | None) -> bool:
    """Whether a run of this job that ends so is to be judged: then its end needs a transaction."""
    with judging.told_apart():
        return judging.is_on() and watched.of(job).concerns(status)


def judge(run: Changed) -> None:
    """Open, continue or close the incidents of a run's job by how it ended. In the transaction of its end.

    One statement; none for most ends. What an operator caused is left alone. Raises NotJudged where it fails.
    """
    if judging.is_on() and not run.excused:
        with judging.told_apart():
            _judge(run, watched.of(run.job))


def _judge(run: Changed, rules: Watched) -> None:
    if not (found := list(verdicts.of(run, rules))):
        return
    rows = " UNION ALL ".join(f"SELECT {v.cause}, {v.opens}, {v.closes}, {v.detail}" for v in found)
    notices.write(
        f"""
        WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS at),
        outcomes AS MATERIALIZED (
            SELECT row_number() OVER (ORDER BY id = %(run)s DESC, finished_at DESC, id DESC) AS place,
                   status <> 'succeeded' AS bad, finished_at
              FROM (SELECT id, status, finished_at FROM nightshift_run r
                     WHERE r.job = %(job)s AND status IN ('succeeded', 'failed', 'timed_out', 'lost')
                     ORDER BY id DESC LIMIT %(looked_at)s) AS latest
        ), open AS MATERIALIZED (
            -- In one order, before any is changed: ends of a job at the same moment don't wait in a circle.
            SELECT cause FROM nightshift_incident
             WHERE job = %(job)s AND resolved_at IS NULL AND cause = ANY(%(causes)s) ORDER BY cause FOR NO KEY UPDATE
        ), held AS MATERIALIZED (SELECT count(*) FROM open), former AS MATERIALIZED (
            SELECT cause, max(resolved_at) AS at FROM nightshift_incident
             WHERE job = %(job)s AND resolved_at IS NOT NULL AND (resolution = 'by_hand' OR cause = 'flapping')
             GROUP BY cause
        ), verdict (cause, opens, closes, detail) AS MATERIALIZED ({rows}),
        attempt AS (
            SELECT a.release, a.instance FROM nightshift_run r
              JOIN nightshift_attempt a ON a.run_id = r.id AND a.number = r.attempt WHERE r.id = %(run)s
        ), opened AS (
            INSERT INTO nightshift_incident AS i (job, cause, opened_at, first_run_id, last_run_id, last_at, error,
                                                  fingerprint, release, instance, detail)
            SELECT %(job)s, v.cause, moment.at, %(run)s, %(run)s, moment.at, %(error)s, %(fingerprint)s,
                   coalesce((SELECT release FROM attempt), ''), coalesce((SELECT instance FROM attempt), ''), v.detail
              FROM held, verdict v, moment WHERE v.opens ORDER BY v.cause
            {_ADD}
        ), closed AS (
            UPDATE nightshift_incident i SET resolved_at = moment.at, resolution = 'recovered'
              FROM held, verdict v, moment
             WHERE i.job = %(job)s AND i.cause = v.cause AND i.resolved_at IS NULL AND v.closes AND NOT v.opens
            RETURNING i.id
        )
        {_NOTIFY} WHERE count = 1
        UNION ALL SELECT id, 'resolved', (SELECT at FROM moment), %(run)s FROM closed
        RETURNING id
        """,  # noqa: S608 — all of it is fixed
        verdicts.parameters(run, rules)
        | {
            "run": run.run_id,
            "job": run.job,
            "causes": verdicts.causes(run, rules),
            "error": verdicts.last_line(run.error),
            "fingerprint": verdicts.fingerprint(run.error),
        },
    )


class _Gap(NamedTuple):
    job: str
    first: str
    number: int
    detail: str


def missed(swallowed: Iterable[Swallowed]) -> None:
    """Open incidents of the occurrences that got no run since nobody was there in time. One statement, or none.

    Those that a later one replaced, or whose schedule was taken away, are nothing that somebody could act on. Raises
    NotJudged where it fails.
    """
    if judging.is_on():
        with judging.told_apart():
            _missed(swallowed)


def _missed(swallowed: Iterable[Swallowed]) -> None:
    found: dict[str, _Gap] = {}
    for gap in swallowed:
        if gap.reason != "too_late" or Cause.MISSED not in watched.of(gap.job).rules:
            continue
        before = found.get(gap.job)
        first = before.first if before else gap.first.isoformat()
        number = gap.number + (before.number if before else 0)
        detail = f"{counted(number, 'occurrence')} got no run, the last at {utc_time(gap.last)}."
        found[gap.job] = _Gap(gap.job, first, number, detail)
    if found:
        _open_missed([found[job]._asdict() for job in sorted(found)])


def _open_missed(rows: list[dict[str, Any]]) -> None:
    notices.write(
        f"""
        WITH moment AS MATERIALIZED (SELECT clock_timestamp() AS at),
        gap AS MATERIALIZED (
            SELECT * FROM jsonb_to_recordset(%(rows)s) AS g(job text, first timestamptz, number int, detail text)
        ), opened AS (
            INSERT INTO nightshift_incident AS i (job, cause, opened_at, last_at, count, detail)
            SELECT g.job, 'missed', moment.at, moment.at, g.number, g.detail
              FROM gap g, moment
             WHERE NOT {outages.folds("g.first")}
             ORDER BY g.job
            {_ADD}, i.job
        )
        {_NOTIFY} JOIN gap USING (job) WHERE opened.count = gap.number
        RETURNING id
        """,  # noqa: S608 — all of it is fixed
        outages.parameters() | {"rows": json.dumps(rows)},
    )
