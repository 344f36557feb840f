"""Incidents of the same cause that begin together are told together: the first of them leads."""

from datetime import timedelta

from jobs.ledger import sql

TOGETHER = timedelta(seconds=90)
# For so long after its deployment a release may be what its failures have in common.
NEW = timedelta(hours=1)


def join(incident_id: int) -> None:
    """Have the incident share the messages of an earlier one, if there is one of the same cause.

    One row changes, and no other is locked with it: a run's end may hold its job's incidents.
    """
    sql.execute(
        """
        UPDATE nightshift_incident i SET told_with = (
            SELECT l.id FROM nightshift_incident l
             WHERE l.id <> i.id AND l.job <> i.job AND l.cause = i.cause AND l.told_with IS NULL
               AND l.opened_at > i.opened_at - %(together)s AND (l.opened_at, l.id) < (i.opened_at, i.id)
               AND (l.fingerprint = i.fingerprint
                    OR (i.cause = 'lost' AND i.instance <> '' AND l.instance = i.instance)
                    OR (i.release <> '' AND l.release = i.release
                        AND EXISTS (SELECT FROM nightshift_release r
                                     WHERE r.name = i.release AND r.deployed_at > i.opened_at - %(new)s)))
             ORDER BY l.opened_at, l.id LIMIT 1)
         WHERE i.id = %(id)s AND i.told_with IS NULL AND i.job <> ''
        """,
        {"id": incident_id, "together": TOGETHER, "new": NEW},
    )
