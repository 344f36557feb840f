"""The gaps of a plan, written down: new rows, and rows that go on."""

import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from jobs import telemetry
from jobs.choices import Fate
from jobs.declarations.job import Job
from jobs.ledger import sql
from jobs.ledger.plan import Plan, PlannedGap, PlannedRun
from jobs.ledger.record import Window
from jobs.ledger.statistics import Swallowed


def insert(plans: Sequence[tuple[Window, Plan]]) -> dict[str, int]:
    """Write the gaps, and give the id of the latest for each job whose latest occurrence is in one.

    A gap that only goes on where the job's last one ended lengthens that row: a month's pause is one row.
    """
    rows: list[dict[str, Any]] = []
    longer: list[dict[str, Any]] = []
    latest: dict[str, int] = {}
    for window, plan in plans:
        job, state = window.job, window.state
        for place, entry in enumerate(plan.entries):
            if isinstance(entry, PlannedRun):
                continue
            if entry.fate == Fate.MISSED:
                telemetry.missed(job.name, entry.reason, entry.count)
            if place == 0 and state.last_gap is not None and _goes_on(window, entry):
                longer.append({"gap": state.last_gap, "last": entry.last.isoformat(), "count": entry.count})
                if len(plan.entries) == 1:
                    latest[job.name] = state.last_gap
                continue
            rows.append(_gap(job, entry, is_latest=place == len(plan.entries) - 1))
    lengthen(longer)
    if rows:
        found = sql.rows(
            """
            INSERT INTO nightshift_gap (job, fingerprint, first, last, count, fate, reason, by, note, blocked_by_id)
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


def swallowed(plans: Iterable[tuple[Window, Plan]]) -> list[Swallowed]:
    """What got no run by these plans, to be counted."""
    return [
        Swallowed(window.job.name, gap.reason, gap.fingerprint, gap.first, gap.last, gap.count)
        for window, plan in plans
        for gap in plan.entries
        if isinstance(gap, PlannedGap)
    ]


def _gap(job: Job, gap: PlannedGap, is_latest: bool) -> dict[str, Any]:
    return {
        "job": job.name,
        "fingerprint": gap.fingerprint,
        "first": gap.first.isoformat(),
        "last": gap.last.isoformat(),
        "count": gap.count,
        "fate": gap.fate,
        "reason": gap.reason,
        "by": gap.by,
        "note": gap.note,
        "blocked_by": gap.blocked_by,
        "is_latest": is_latest,
    }


def _goes_on(window: Window, gap: PlannedGap) -> bool:
    """Whether the gap only goes on where the job's last gap ended: with the very next occurrence.

    Between them the job may have followed another schedule, or an occurrence may have its run, where a watermark was
    set back: then the row's count would not be that of its schedule.
    """
    state = window.state
    cause = (state.gap_fate, state.gap_reason, state.gap_by, state.gap_note, state.gap_blocked_by)
    return (
        gap.turn == 0
        and state.ledger.fingerprint == gap.fingerprint
        and gap.same_cause(*cause)
        and window.timeline.eras[0].schedule.previous(gap.first) == state.gap_last
    )


def lengthen(longer: Sequence[Mapping[str, Any]]) -> None:
    """Let gaps go on: `gap` is the id, `last` the new end, `count` what is added."""
    if not longer:
        return
    sql.execute(
        """
        UPDATE nightshift_gap g SET last = new.last, count = g.count + new.count
          FROM jsonb_to_recordset(%s) AS new(gap bigint, last timestamptz, count bigint)
         WHERE g.id = new.gap
        """,
        [json.dumps(list(longer))],
    )
