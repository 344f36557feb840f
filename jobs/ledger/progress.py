"""What running attempts report of their progress, written to their rows."""

import json
from collections.abc import Sequence
from typing import Any

from jobs.ledger import sql


def write(reports: Sequence[tuple[int, int, dict[str, Any]]]) -> None:
    """Write the latest progress of these (run, attempt number, progress) triples, but for rows that are locked."""
    sql.execute(
        """
        WITH held AS (
            SELECT r.id, new.progress
              FROM nightshift_run r JOIN jsonb_to_recordset(%s) AS new(run bigint, attempt int, progress jsonb)
                ON r.id = new.run AND r.attempt = new.attempt
             WHERE r.status = 'running' ORDER BY r.id FOR UPDATE OF r SKIP LOCKED
        )
        UPDATE nightshift_run r SET progress = held.progress FROM held WHERE r.id = held.id
        """,
        [json.dumps([{"run": run, "attempt": number, "progress": p} for run, number, p in reports])],
    )
