"""Events that would come often: one row for each hour, or for each thing, with a count. The database keeps it one."""

from jobs.ledger import sql


def hourly(kind: str, message: str, *, job: str) -> int:
    """Leave one event of this kind for the job and hour; it holds the latest message.

    Gives how often this has happened within the hour, by the database's clock.
    """
    count: int = sql.value(
        """
        INSERT INTO nightshift_event AS e (job, kind, by, message, key)
        VALUES (%(job)s, %(kind)s, '', %(message)s,
                concat_ws('/', %(kind)s, %(job)s,
                          to_char(clock_timestamp() AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24"Z"')))
            ON CONFLICT (key) WHERE key <> '' DO UPDATE SET count = e.count + 1, message = excluded.message
        RETURNING count
        """,
        {"job": job, "kind": kind, "message": message},
    )
    return count
