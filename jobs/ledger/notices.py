"""Wakes whoever makes messages of notices, once they are committed. The tick makes good what wakes nobody."""

from collections.abc import Callable

from django.db import transaction

from jobs.ledger import sql
from jobs.ledger.run_watches import HAS_ENDED

# Of rows of notices, deliveries and watches of runs: whether there is something to do in the next minute.
ARE_DUE = f"""
    EXISTS (SELECT FROM nightshift_notice WHERE done_at IS NULL)
    OR EXISTS (SELECT FROM nightshift_delivery
                WHERE delivered_at IS NULL AND given_up_at IS NULL
                  AND due_at <= clock_timestamp() + interval '1 minute'
                  AND (leased_until IS NULL OR leased_until <= clock_timestamp()))
    OR EXISTS (SELECT FROM nightshift_runwatch w
                WHERE {HAS_ENDED} AND due_at <= clock_timestamp() + interval '1 minute'
                  AND (leased_until IS NULL OR leased_until <= clock_timestamp()))
"""  # noqa: S608 — fixed


def _nobody() -> None:
    pass


# What this process does to wake them; a process that can't do it leaves it to the tick.
wake: Callable[[], None] = _nobody


def write(statement: str, parameters: object) -> None:
    """Carry out a statement that may insert notices, and gives those that it inserts."""
    if sql.rows(statement, parameters):
        written()


def written() -> None:
    """Wake them once the present transaction, which wrote a notice, is committed."""
    # A failure there is none of the change's that the notice is about.
    transaction.on_commit(lambda: wake(), robust=True)
