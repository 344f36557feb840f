"""Whether anything has changed since a page was written."""

from jobs.ledger import sql

# More are never shown at once.
MOST = 1_000


def ledger_version() -> str:
    """Another text once a run, a gap, an event, a tick or a release is new, or an active run has changed. One query.

    A lease's renewal isn't a change: nobody sees it.
    """
    found: str = sql.value(
        """
        SELECT concat_ws(' ',
            (SELECT max(id) FROM nightshift_run), (SELECT max(id) FROM nightshift_gap),
            (SELECT max(id) FROM nightshift_event), (SELECT at FROM nightshift_lasttick),
            (SELECT max(deployment) FROM nightshift_release),
            (SELECT md5(string_agg(concat_ws(' ', id, status, attempt, not_before, cancel_requested_at, progress), ','))
               FROM (SELECT * FROM nightshift_run WHERE status IN ('queued', 'running')
                      ORDER BY job, id LIMIT %s) AS active))
        """,
        [MOST],
    )
    return found
