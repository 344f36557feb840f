"""How a supervisor hears that its run is to end: at once by a channel, at the latest with its next heartbeat."""

from collections.abc import Sequence

from jobs.ledger import sql

CHANNEL = "nightshift_cancel"


def requested(run_ids: Sequence[int]) -> list[int]:
    """Those of these runs whose end was asked for."""
    found = sql.rows(
        "SELECT id FROM nightshift_run WHERE id = ANY(%s) AND cancel_requested_at IS NOT NULL", [list(run_ids)]
    )
    return [run_id for (run_id,) in found]
