"""What `settle` decided, written down: runs, gaps, watermarks and events, each kind in one statement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from jobs.choices import EventKind, InterventionKind, Overlap
from jobs.declarations.job import Job
from jobs.ledger import events, sql, states
from jobs.ledger.eras import INSTANT, Timeline
from jobs.ledger.plan import Plan, PlannedRun
from jobs.ledger.states import State
from jobs.models import Intervention
from jobs.schedule.zones import rules_of


class ScheduledRun(NamedTuple):
    """A run that `settle` put into the queue."""

    run: int
    job: str
    scheduled_for: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Window:
    """What there may be to decide about a job, and what its row holds."""

    job: Job
    state: State
    timeline: Timeline
    now: datetime
    as_recorded: bool = False
    abandoned: bool = False

    @property
    def changes_something(self) -> bool:
        line = self.timeline
        if line.restarted or line.is_due or any(found.kind == InterventionKind.OVERRIDE for found in self.over):
            return True
        # `next_due_at` is trusted while these are what it was computed with.
        return not self.as_recorded and (self.state.ledger.declared, self.state.zone_rules) != self.computed_with

    @property
    def over(self) -> list[Intervention]:
        """The open interventions that end by themselves in this window."""
        end = self.timeline.until + INSTANT
        return [found for found in self.state.interventions if found.ended_at is None and found.is_over(end)]

    @property
    def computed_with(self) -> tuple[str, str]:
        return computed_with(self.job)


def computed_with(job: Job) -> tuple[str, str]:
    """What this process computes a job's next moment with, beside its override: its schedule and the zone's rules."""
    return job.fingerprint, rules_of(job.schedule.zone.key) if job.schedule else ""


def insert_edits(windows: Sequence[Window]) -> None:
    """An edited schedule leaves an event, which says until when the former one applied."""
    edits = [
        (window.job.name, _edit(window)) for window in windows if window.timeline.former and not window.as_recorded
    ]
    events.record_each(EventKind.SCHEDULE_CHANGED, "code", edits)


def _edit(window: Window) -> str:
    line = window.timeline
    assert line.edited_at is not None
    until = line.edited_at.isoformat(timespec="seconds")
    change = (
        f"The schedule {line.former} was taken away."
        if window.abandoned
        else f"The schedule changed from {line.former} to {window.job.fingerprint}."
    )
    if line.unreadable:
        since = f"{window.state.ledger.through:%Y-%m-%dT%H:%M:%S+00:00}"
        return (
            f"{change} The former one can't be read here ({line.unreadable.rstrip('.')}), "
            f"so it isn't known what was due by it from {since} to {until}."
        )
    return f"{change} What was due until {until} is {'missed' if window.abandoned else 'decided by the former one'}."


def end_interventions(over: Sequence[Intervention]) -> None:
    """Close interventions at the end that was set for them. An event says so."""
    if not over:
        return
    sql.execute(
        f"""
        WITH ended AS (
            -- A hold is found by each job that is settled: the first closes it.
            UPDATE nightshift_intervention SET ended_at = until WHERE id = ANY(%(ids)s) AND ended_at IS NULL
            RETURNING job, kind, by
        )
        {events.INSERT}
        SELECT CASE kind WHEN 'pause' THEN 'resumed' WHEN 'hold' THEN 'hold_ended' ELSE 'override_ended' END, job, by,
               'The ' || kind || ' of ' || coalesce(nullif(job, ''), 'everything') || ' by ' || by || ' has ended.'
          FROM ended
        """,  # noqa: S608 — INSERT is fixed
        {"ids": [intervention.pk for intervention in over]},
    )


def insert_runs_and_advance(
    plans: Sequence[tuple[Window, Plan]], changed: Sequence[Window], gaps: Mapping[str, int]
) -> list[ScheduledRun]:
    """Insert the runs and move the watermarks on. `gaps` are those of the jobs whose latest occurrence is in one."""
    runs = [_run(window.job, run) for window, plan in plans for run in plan.runs]
    advances = [_advance(window, gaps.get(window.job.name)) for window in changed]
    found = sql.rows(
        """
        WITH advanced AS (
            UPDATE nightshift_jobstate s
               SET fingerprint = new.fingerprint, ledger_from = coalesce(new.ledger_from, s.ledger_from),
                   ledger_through = new.through, next_due_at = new.next_due, last_gap_id = new.last_gap,
                   declared = coalesce(new.declared, s.declared), zone_rules = coalesce(new.zone_rules, s.zone_rules)
              FROM jsonb_to_recordset(%s)
                AS new(job text, fingerprint text, ledger_from timestamptz, through timestamptz, next_due timestamptz,
                       declared text, zone_rules text, last_gap bigint)
             WHERE s.job = new.job
        )
        INSERT INTO nightshift_run (job, trigger, scheduled_for, arguments, requested_by, start_by, exclusive,
                                    concurrency_group, created_at, not_before)
        SELECT job, trigger, scheduled_for, arguments, 'schedule', start_by, exclusive,
               concurrency_group, clock_timestamp(), clock_timestamp()
          FROM jsonb_to_recordset(%s)
            AS new(job text, trigger text, scheduled_for timestamptz, arguments jsonb, start_by timestamptz,
                   exclusive boolean, concurrency_group text)
         ORDER BY scheduled_for
            ON CONFLICT (job, scheduled_for) DO NOTHING
        RETURNING id, job, scheduled_for
        """,
        [json.dumps(advances), json.dumps(runs)],
    )
    return [ScheduledRun(*row) for row in found]


def _run(job: Job, run: PlannedRun) -> dict[str, Any]:
    return {
        "job": job.name,
        "trigger": run.trigger,
        "scheduled_for": run.scheduled_for.isoformat(),
        "arguments": list(run.arguments),
        "start_by": states.text(run.start_by),
        "exclusive": job.overlap is not Overlap.ALLOW,
        "concurrency_group": job.group,
    }


def _advance(window: Window, last_gap: int | None) -> dict[str, Any]:
    state, line = window.state, window.timeline
    declared, zone_rules = window.computed_with
    advance = {
        "job": window.job.name,
        "fingerprint": line.eras[-1].job.fingerprint,
        "ledger_from": states.text(line.since) if line.restarted else None,
        "through": states.text(line.until),
        "next_due": states.text(_next_look(line, state)),
        "declared": declared,
        "zone_rules": zone_rules,
        "last_gap": last_gap,
    }
    if window.abandoned:
        nothing = {"fingerprint": "", "declared": "", "zone_rules": "", "next_due": None}
        return advance | nothing | {"ledger_from": states.text(line.until)}
    if window.as_recorded:
        # What comes next only the app knows: its tick looks at once, since the zone's rules are none.
        return advance | {"declared": None, "zone_rules": "", "next_due": states.text(window.now)}
    return advance


def _next_look(line: Timeline, state: State) -> datetime | None:
    """When the tick has to look at the job: at its next occurrence, and where its override ends."""
    ends = [override.end for override in state.ledger.overrides if not override.is_over(line.until + INSTANT)]
    return min(filter(None, (line.eras[-1].schedule.next(line.until), *ends)), default=None)
