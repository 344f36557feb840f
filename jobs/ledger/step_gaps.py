"""Where a job's occurrences get no run, the steps after it get none either: their gaps, in the same transaction.

A step is skipped as soon as one of its predecessors didn't succeed for an occurrence, whatever becomes of the others.
Where that predecessor has a run, the run's end says so (`steps.py`); where it has a gap, `settle` does it here.
The steps' locks are held in both places, so that each occurrence of a step is recorded once in either order.
"""

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from jobs.choices import Fate, Reason
from jobs.ledger import gaps, sql
from jobs.ledger.eras import INSTANT
from jobs.ledger.pipelines import Pipeline
from jobs.ledger.plan import Plan, PlannedGap
from jobs.ledger.record import Window
from jobs.ledger.statistics import Swallowed
from jobs.schedule.occurrences import Schedule


class _Cause(NamedTuple):
    """Occurrences of a predecessor that got no run, by the schedule that was in force."""

    job: str
    gap: PlannedGap
    schedule: Schedule

    @property
    def note(self) -> str:
        return f"{self.job} was {self.gap.fate} ({self.gap.reason})"


@dataclass(slots=True)
class _Step:
    """What a step has already: the occurrences that are recorded, as windows (after, until], and its latest gap."""

    taken: list[tuple[datetime, datetime]] = field(default_factory=list)
    gaps: list[dict[str, Any]] = field(default_factory=list)


def insert(plans: Sequence[tuple[Window, Plan]], pipeline: Pipeline) -> list[Swallowed]:
    """Write the steps' gaps, and give what they swallow. Needs the locks of all steps that come after these jobs."""
    all_causes = [
        _Cause(window.job.name, entry, _schedule(window, entry))
        for window, plan in plans
        if pipeline.steps_after(window.job.name)
        for entry in plan.entries
        if isinstance(entry, PlannedGap)
    ]
    if not all_causes:
        return []
    by_step: dict[str, list[_Cause]] = defaultdict(list)
    for each in all_causes:
        for step in pipeline.descendants(each.job):
            by_step[step].append(each)
    since, until = min(each.gap.first for each in all_causes), max(each.gap.last for each in all_causes)
    known = _read(list(by_step), since, until)
    new: list[dict[str, Any]] = []
    longer: dict[int, dict[str, Any]] = {}
    swallowed: list[Swallowed] = []
    for step, causes in by_step.items():
        for each in sorted(causes, key=lambda each: each.gap.first):
            for gap in _gaps(step, each, known[step]):
                swallowed.append(_to_be_counted(gap))
                _add(gap, each.schedule, known[step], new, longer)
    gaps.lengthen(list(longer.values()))
    _insert(new)
    return swallowed


def _to_be_counted(gap: dict[str, Any]) -> Swallowed:
    return Swallowed(gap["job"], gap["reason"], gap["fingerprint"], gap["first"], gap["last"], gap["count"])


def _schedule(window: Window, gap: PlannedGap) -> Schedule:
    return next(era.schedule for era in window.timeline.eras if era.turn == gap.turn)


def _read(steps: Sequence[str], since: datetime, until: datetime) -> dict[str, _Step]:
    """What is recorded of these steps between the two moments, and each one's last gap before."""
    found: dict[str, _Step] = defaultdict(_Step)
    rows = sql.rows(
        """
        SELECT s.job, g.id, g.first, g.last, g.fingerprint, g.reason, g.note
          FROM unnest(%(steps)s::text[]) AS s(job), LATERAL (
               (SELECT * FROM nightshift_gap WHERE job = s.job AND first BETWEEN %(since)s AND %(until)s)
               UNION ALL
               (SELECT * FROM nightshift_gap WHERE job = s.job AND first < %(since)s ORDER BY first DESC LIMIT 1)
          ) AS g
         ORDER BY g.first
        """,
        {"steps": steps, "since": since, "until": until},
    )
    for step, gap, first, last, fingerprint, reason, why in rows:
        found[step].taken.append((first - INSTANT, last))
        found[step].gaps.append(
            {"id": gap, "first": first, "last": last, "fingerprint": fingerprint, "reason": reason, "note": why}
        )
    runs = sql.rows(
        "SELECT job, scheduled_for FROM nightshift_run WHERE job = ANY(%s) AND scheduled_for BETWEEN %s AND %s",
        [steps, since, until],
    )
    for step, occurrence in runs:
        found[step].taken.append((occurrence - INSTANT, occurrence))
    return found


def _gaps(step: str, each: _Cause, known: _Step) -> Iterable[dict[str, Any]]:
    """What of the swallowed occurrences isn't recorded of this step yet."""
    after = each.gap.first - INSTANT
    for start, end in sorted([*known.taken, (each.gap.last, each.gap.last)]):
        if after < min(start, each.gap.last):
            first = each.schedule.next(after)
            last = each.schedule.previous(min(start, each.gap.last) + INSTANT)
            if first is not None and last is not None and first <= last:
                yield {
                    "job": step,
                    "fingerprint": each.gap.fingerprint,
                    "first": first,
                    "last": last,
                    "count": 1 if first == last else each.schedule.count(first - INSTANT, last),
                    "reason": Reason.PREDECESSOR,
                    "by": each.job,
                    "note": each.note,
                }
        after = max(after, end)


def _add(
    gap: dict[str, Any],
    schedule: Schedule,
    known: _Step,
    new: list[dict[str, Any]],
    longer: dict[int, dict[str, Any]],
) -> None:
    """Lengthen the step's gap that this one only continues: a month's pause is one row. Else it is a row of its own."""
    known.taken.append((gap["first"] - INSTANT, gap["last"]))
    before = schedule.previous(gap["first"])
    same = ("fingerprint", "reason", "note")
    for other in known.gaps:
        if other["last"] == before and all(other[name] == gap[name] for name in same):
            other["last"] = gap["last"]
            if "id" in other:
                entry = longer.setdefault(other["id"], {"gap": other["id"], "count": 0})
                entry["last"], entry["count"] = gap["last"].isoformat(), entry["count"] + gap["count"]
            else:
                other["count"] += gap["count"]
            return
    known.gaps.append(gap)
    new.append(gap)


def _insert(new: Sequence[dict[str, Any]]) -> None:
    if not new:
        return
    rows = [gap | {"first": gap["first"].isoformat(), "last": gap["last"].isoformat()} for gap in new]
    sql.execute(
        """
        INSERT INTO nightshift_gap (job, fingerprint, first, last, count, fate, reason, by, note)
        SELECT job, fingerprint, first, last, count, %s, reason, by, note
          FROM jsonb_to_recordset(%s)
            AS new(job text, fingerprint text, first timestamptz, last timestamptz, count bigint, reason text,
                   by text, note text)
        """,
        [Fate.SKIPPED, json.dumps(rows)],
    )
