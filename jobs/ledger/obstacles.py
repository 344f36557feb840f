"""May a queued run start? The rules stand here once, in SQL about the run `r`.

The claim asks them, the choice of the next runs does, and so does whoever shows why a run waits: `explain`,
`manage.py run` and the API.
"""

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from jobs.choices import Status
from jobs.declarations.job import Job
from jobs.declarations.registry import registry
from jobs.formats import counted, utc_time
from jobs.ledger import in_force, sql
from jobs.ledger.in_force import InForce


class Rule(StrEnum):
    """What may stand in a run's way, in the order in which it is named."""

    STATUS = "status"  # it isn't queued: it runs, or has ended
    NOT_BEFORE = "not_before"  # the delay of a retry, or the moment that it was asked for
    START_DEADLINE = "start_deadline"  # it is too late for a first attempt
    HOLD = "hold"  # an operator holds everything that starts by itself, or all
    PAUSE = "pause"  # a retry waits for its end; a run that a person or program asked for goes on
    OVERLAP = "overlap"  # another run of the job, where only one may run at a time
    MAX_RUNNING = "max_running"  # so many runs of the job are at work
    GROUP = "concurrency_group"  # so many runs of its group are at work


NOW = "clock_timestamp()"


def _held_by_a_hold(now: str, run: str = "r") -> str:
    return f"""
        (NOT {run}.despite_hold AND EXISTS (
            SELECT FROM nightshift_intervention i
             WHERE i.job = '' AND i.kind = 'hold' AND {in_force.condition(now)}
               AND (i.all_starts OR {run}.trigger IN ('schedule', 'catch_up')
                    OR ({run}.trigger = 'chain' AND {run}.scheduled_for IS NOT NULL))
        ))"""


def _held_by_a_pause(now: str, run: str = "r") -> str:
    return f"""
        ({run}.attempt > 0 AND {run}.trigger NOT IN ('manual', 'api', 'repair') AND EXISTS (
            SELECT FROM nightshift_intervention i
             WHERE i.job = {run}.job AND i.kind = 'pause' AND {in_force.condition(now)}
        ))"""


def _waits_for_an_operator(now: str, run: str = "r") -> str:
    return f"({_held_by_a_pause(now, run)} OR {_held_by_a_hold(now, run)})"


# The other runs `o` that are in the way of `r`, or fill its group. Of those that wait, a run that yields lets all
# others of its job go first, and those like it in the order in which they were asked for.
OTHERS = {
    Rule.OVERLAP: f"""
        o.job = r.job AND o.id <> r.id AND o.exclusive
        AND (o.status = 'running' OR (o.status = 'queued' AND CASE
                WHEN o.yields THEN r.yields AND o.id < r.id
                WHEN r.yields THEN o.not_before <= clock_timestamp() AND NOT {_waits_for_an_operator(NOW, "o")}
                ELSE o.scheduled_for < r.scheduled_for END))""",
    Rule.MAX_RUNNING: "o.status = 'running' AND o.concurrency_group = r.concurrency_group AND o.job = r.job",
    Rule.GROUP: "o.status = 'running' AND o.concurrency_group = r.concurrency_group",
}
# How many more runs may start; no number where no limit holds. The group of a removed job allows one.
ROOM = {
    Rule.MAX_RUNNING: f"""
        CASE WHEN %(limits)s::jsonb -> r.job ->> 'max_running' IS NOT NULL THEN
            (%(limits)s::jsonb -> r.job ->> 'max_running')::int
            - (SELECT count(*) FROM nightshift_run o WHERE {OTHERS[Rule.MAX_RUNNING]}) END""",  # noqa: S608
    Rule.GROUP: f"""
        coalesce((%(limits)s::jsonb -> r.job ->> 'group')::int, 1)
        - (SELECT count(*) FROM nightshift_run o WHERE {OTHERS[Rule.GROUP]})""",  # noqa: S608 — fixed
}


def _rules(now: str) -> dict[Rule, str]:
    """Each is true where the rule lets the run start at the moment `now`, given in SQL."""
    return {
        Rule.STATUS: "r.status = 'queued'",
        Rule.NOT_BEFORE: f"r.not_before <= {now}",
        Rule.START_DEADLINE: f"(r.attempt > 0 OR r.start_by IS NULL OR r.start_by >= {now})",
        Rule.HOLD: f"NOT {_held_by_a_hold(now)}",
        Rule.PAUSE: f"NOT {_held_by_a_pause(now)}",
        Rule.OVERLAP: f"NOT (r.exclusive AND EXISTS (SELECT FROM nightshift_run o WHERE {OTHERS[Rule.OVERLAP]}))",
        Rule.MAX_RUNNING: f"(r.concurrency_group = '' OR coalesce({ROOM[Rule.MAX_RUNNING]}, 1) > 0)",
        Rule.GROUP: f"(r.concurrency_group = '' OR {ROOM[Rule.GROUP]} > 0)",
    }


RULES = _rules(NOW)
HELD_BY_A_HOLD = _held_by_a_hold(NOW)
WAITS_FOR_AN_OPERATOR = _waits_for_an_operator(NOW)
MAY_START = " AND ".join(condition for rule, condition in RULES.items() if rule not in ROOM)
# The same of one run, found by its id. The queue's index serves the choice among many: in a plan made while the queue
# was empty, it would be read from end to end for each run of a long one. An expression for the column keeps it out.
ONE_MAY_START = MAY_START.replace(RULES[Rule.STATUS], "r.status || '' = 'queued'", 1)
# Needs the parameter `limits`, and for an answer that holds the lock of the group.
HAS_ROOM = " AND ".join(RULES[rule] for rule in ROOM)


def limits(jobs: Iterable[Job]) -> str:
    """The parameter `limits`: how many runs may be at work, of each job that keeps to a group's limit."""
    return json.dumps(
        {job.name: {"group": job.group_limit, "max_running": job.max_running} for job in jobs if job.group}
    )


class Other(NamedTuple):
    """A run in the way."""

    run_id: int
    job: str
    status: str
    scheduled_for: datetime | None
    since: datetime


@dataclass(frozen=True, kw_only=True, slots=True)
class Obstacle:
    """What stands in the way of a run that can't start now."""

    rule: Rule
    status: str = ""
    until: datetime | None = None
    by: str = ""
    limit: int | None = None
    group: str = ""
    others: tuple[Other, ...] = ()

    def sentence(self, clock: Callable[[datetime], str] = utc_time) -> str:
        """Why the run waits, as the rest of a sentence; `clock` writes a moment."""
        until = clock(self.until) if self.until else ""
        match self.rule:
            case Rule.STATUS:
                return f"it is {Status(self.status).label.lower()}." if self.status else "there is no such run."
            case Rule.NOT_BEFORE:
                return f"it waits until {until}."
            case Rule.START_DEADLINE:
                return f"its start deadline, {until}, has passed, and the next tick records it as missed."
            case Rule.HOLD:
                return f"everything is held by {self.by}, {f'until {until}' if until else 'without an end'}."
            case Rule.PAUSE:
                end = f"until {until}" if until else "without an end"
                return f"the job is paused by {self.by}, {end}, and a retry waits for its end."
            case Rule.OVERLAP:
                return _overlap(self.others[0], clock)
            case Rule.MAX_RUNNING:
                return self._limit("its max_running")
            case Rule.GROUP:
                return self._limit(f"its group {self.group!r}")

    def _limit(self, what: str) -> str:
        names = ", ".join(f"run {other.run_id} of {other.job}" for other in self.others)
        return f"{what} allows {counted(self.limit or 0, 'run')} at a time, now {names}."


def _overlap(other: Other, clock: Callable[[datetime], str]) -> str:
    if other.status == Status.RUNNING:
        return f"run {other.run_id} of the job, running since {clock(other.since)}, must end first."
    due = f", for {clock(other.scheduled_for)}," if other.scheduled_for else ""
    return f"run {other.run_id} of the job{due} comes first."


def obstacle(run_id: int, at: datetime | None = None) -> Obstacle | None:
    """What stands in the way of this run, by the first rule that it breaks; None where it may start.

    By the database's clock, unless a moment is given.
    """
    rules = _rules("coalesce(%(at)s::timestamptz, clock_timestamp())")
    flags = ", ".join(f"({condition}) IS TRUE" for condition in rules.values())
    parameters = {"run": run_id, "at": at, "limits": limits(registry.values())}
    row = sql.row(
        f"SELECT r.job, r.status, r.not_before, r.start_by, r.concurrency_group, {flags}"  # noqa: S608 — fixed rules
        " FROM nightshift_run r WHERE r.id = %(run)s",
        parameters,
    )
    if row is None:
        return Obstacle(rule=Rule.STATUS)
    job, status, not_before, start_by, group, *allowed = row
    broken = next((rule for rule, is_allowed in zip(rules, allowed, strict=True) if not is_allowed), None)
    match broken:
        case None:
            return None
        case Rule.STATUS:
            return Obstacle(rule=broken, status=status)
        case Rule.NOT_BEFORE | Rule.START_DEADLINE:
            return Obstacle(rule=broken, until=not_before if broken is Rule.NOT_BEFORE else start_by)
        case Rule.HOLD:
            hold = in_force.hold(at)
            return Obstacle(rule=broken, by=hold.by, until=hold.until) if hold else obstacle(run_id, at)
        case Rule.PAUSE:
            pause = in_force.by_job([job], at).get(job, InForce()).pause
            return Obstacle(rule=broken, by=pause.by, until=pause.until) if pause else obstacle(run_id, at)
    declared = registry.get(job)
    limit = (declared.max_running if broken is Rule.MAX_RUNNING else declared.group_limit) if declared else 1
    others = _others(broken, parameters)
    # What was in the way may have gone between the two questions.
    return Obstacle(rule=broken, group=group, limit=limit, others=others) if others else obstacle(run_id, at)


def _others(rule: Rule, parameters: dict[str, Any]) -> tuple[Other, ...]:
    found = sql.rows(
        f"""
        SELECT o.id, o.job, o.status, o.scheduled_for, coalesce(o.started_at, o.created_at)
          FROM nightshift_run r JOIN nightshift_run o ON {OTHERS[rule]}
         WHERE r.id = %(run)s ORDER BY o.status = 'running' DESC, o.id
        """,  # noqa: S608 — OTHERS is fixed
        parameters,
    )
    return tuple(Other(*row) for row in found)
