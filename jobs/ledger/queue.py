"""Runs that wait: how many there are, those that nobody was woken for, and those that are too late to start."""

from datetime import timedelta
from functools import partial

from jobs.ledger import endings, sql, timing
from jobs.ledger.obstacles import HELD_BY_A_HOLD, RULES, WAITS_FOR_AN_OPERATOR, Rule

# Of a run `r`. `parameters` gives what they need.
IS_OVERDUE = "r.status = 'queued' AND r.attempt = 0 AND r.start_by < clock_timestamp()"
IS_FORGOTTEN = f"""
    r.status = 'queued' AND r.not_before <= clock_timestamp() - %(forgotten)s
    AND (r.rung_at IS NULL OR r.rung_at < clock_timestamp() - %(ring_again)s) AND NOT {WAITS_FOR_AN_OPERATOR}
    AND (NOT r.yields OR {RULES[Rule.OVERLAP]})
"""


# Why a run was missed.
FORGOTTEN = "Nobody picked it up before its start deadline."
HELD = "Everything was held until its start deadline had passed."


def parameters() -> dict[str, object]:
    return {"forgotten": timing.FORGOTTEN, "ring_again": timing.RING_AGAIN}


def waiting() -> tuple[int, timedelta]:
    """How many queued runs are due to start, and for how long the oldest of them has been."""
    found = sql.row(
        """
        SELECT count(*), coalesce(clock_timestamp() - min(not_before), interval '0')
          FROM nightshift_run WHERE status = 'queued' AND not_before <= clock_timestamp()
        """
    )
    assert found is not None
    length, age = found
    return length, age


def forgotten(limit: int = 100) -> list[int]:
    """Take note that we ring for queued runs whose doorbell nobody heard, and give them back."""
    # An array is chosen once. As `id IN (…)`, a plan made while the table was small chooses again for each run in it.
    found = sql.rows(
        f"""
        UPDATE nightshift_run SET rung_at = clock_timestamp()
         WHERE id = ANY(ARRAY(
                   SELECT id FROM nightshift_run r WHERE {IS_FORGOTTEN} ORDER BY not_before LIMIT %(limit)s
                      FOR UPDATE SKIP LOCKED
               ))
        RETURNING id
        """,  # noqa: S608 — the condition is fixed
        parameters() | {"limit": limit},
    )
    return [run for (run,) in found]


def miss_overdue() -> int:
    """End the queued runs whose start deadline passed before anyone picked them up. Gives back how many."""
    overdue = sql.rows(f"SELECT job, id, {HELD_BY_A_HOLD} FROM nightshift_run r WHERE {IS_OVERDUE}")  # noqa: S608
    ends = (
        (job, partial(endings.miss, run_id, job, HELD if held else FORGOTTEN, excused=held))
        for job, run_id, held in overdue
    )
    return sum(ended is not None for ended in endings.each_unless_busy(ends))
