"""Leases: who holds a running attempt, and when its run becomes lost.

A claim begins a lease of `timing.LEASE`, which the supervisor's heartbeats renew. A supervisor that gets none through
for `timing.FENCE` kills its child, well before the lease ends. So a lease that ran out says that the attempt has ended:
the next tick calls `declare_lost`, unless ticks haven't seen the database for long enough (`last_tick.py`).
"""

from collections.abc import Sequence
from functools import partial
from typing import Any

from jobs.choices import AttemptStatus
from jobs.ledger import attempts, endings, last_tick, sql, timing
from jobs.ledger.attempts import Outcome
from jobs.ledger.claims import Claim
from jobs.ledger.doorbell import Ring


def renew(held: Sequence[tuple[int, int]]) -> dict[tuple[int, int], bool]:
    """Renew the leases of these (run, attempt number) pairs.

    Gives back those that were renewed, each with whether its cancellation was requested. One whose row another session
    has locked is left out, so that it doesn't hold up the others: `still_ours` says which were lost.
    """
    found = sql.rows(
        """
        WITH held AS (
            -- In the order of their ids, as all who change several runs: none waits for another in a circle.
            SELECT r.id FROM nightshift_run r JOIN unnest(%(runs)s::bigint[], %(attempts)s::int[]) AS held(run, attempt)
                ON r.id = held.run AND r.attempt = held.attempt
             WHERE r.status = 'running' ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
        )
        UPDATE nightshift_run r SET lease_expires_at = clock_timestamp() + %(lease)s FROM held WHERE r.id = held.id
        RETURNING r.id, r.attempt, r.cancel_requested_at IS NOT NULL
        """,
        {"lease": timing.LEASE, "runs": [run for run, _ in held], "attempts": [attempt for _, attempt in held]},
    )
    return {(run, attempt): cancelled for run, attempt, cancelled in found}


def still_ours(held: Sequence[tuple[int, int]]) -> set[tuple[int, int]]:
    """Those of these (run, attempt number) pairs that run by the ledger, whoever has locked their rows."""
    found = sql.rows(
        """
        SELECT r.id, r.attempt
          FROM nightshift_run r JOIN unnest(%s::bigint[], %s::int[]) AS held(run, attempt)
            ON r.id = held.run AND r.attempt = held.attempt
         WHERE r.status = 'running'
        """,
        [[run for run, _ in held], [attempt for _, attempt in held]],
    )
    return {(run, attempt) for run, attempt in found}


def expired() -> list[Claim]:
    """The attempts that no heartbeat renewed in time; none until the ticks have seen the database for a while."""
    return [claim for claim, _ in _running(has_expired(), last_tick.parameters())]


def has_expired() -> str:
    """Of a running run `r`, in SQL: whether that is so. `last_tick.parameters` gives what it needs."""
    return f"""
        {_is_over()}
        AND EXISTS (
            SELECT FROM nightshift_lasttick t
             WHERE {last_tick.EXPIRY_COUNTS}
               -- A clock that was set back leaves leases of the future: all that live are renewed within one of today.
               AND (r.lease_expires_at < clock_timestamp() OR t.unbroken_since <= clock_timestamp() - %(lease)s)
        )
    """


def declare_lost(claims: Sequence[Claim], error: str, *, only_if_lease_expired: bool = True) -> list[Ring]:
    """End the attempts whose supervisors vanished; their runs end as lost or are retried."""
    outcome = Outcome(status=AttemptStatus.LOST, error=error)
    only_if = _is_over() if only_if_lease_expired else ""
    ends = ((claim.job, partial(attempts.finish, claim, outcome, only_if=only_if)) for claim in claims)
    return [ring for ended in endings.each_unless_busy(ends) if ended for ring in ended.rings]


def _is_over() -> str:
    """Whether the lease of a running run has ended. One that seems to last longer than any was given before the
    database's clock was set back.
    """
    longest = f"interval '{timing.LONGEST_LEASE.total_seconds()} seconds'"
    return f"lease_expires_at NOT BETWEEN clock_timestamp() AND clock_timestamp() + {longest}"


def of_instance(name: str) -> list[tuple[Claim, str]]:
    """The attempts that run on this instance by the ledger, each with its supervisor."""
    return _running("a.instance = %s", [name])


def of_invocation(run_id: int, invocation_id: str) -> list[Claim]:
    """The attempt of this run that runs by the ledger under this invocation; none, or one."""
    return [claim for claim, _ in _running("r.id = %s AND a.invocation_id = %s", [run_id, invocation_id])]


def _running(condition: str, parameters: Any) -> list[tuple[Claim, str]]:
    """The running attempts that meet a condition, each with its supervisor's name."""
    found = sql.rows(
        f"""
        SELECT r.id, a.id, r.attempt, r.job, r.trigger, r.scheduled_for, r.failures, a.supervisor
          FROM nightshift_run r JOIN nightshift_attempt a ON a.run_id = r.id AND a.number = r.attempt
         WHERE r.status = 'running' AND {condition}
        """,  # noqa: S608 — the conditions are fixed
        parameters,
    )
    return [
        (
            Claim(
                run_id=run_id,
                attempt_id=attempt_id,
                attempt=attempt,
                job=job,
                trigger=trigger,
                scheduled_for=scheduled_for,
                arguments=[],
                failures=failures,
            ),
            supervisor,
        )
        for run_id, attempt_id, attempt, job, trigger, scheduled_for, failures, supervisor in found
    ]
