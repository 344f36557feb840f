"""Whether what was deleted is cleaned up: rows that are dead make every read of a table slower."""

from jobs.formats import counted, format_duration
from jobs.health.answers import Problem
from jobs.ledger import sql

# Vacuum comes by itself at a twentieth. A table with fewer dead rows than that is read as fast as ever.
SHARE, FEW = 0.3, 50_000


def bloat() -> str:
    """Whether vacuum keeps up with what retention deletes and runs change."""
    found = sql.rows(
        """
        SELECT relname, n_dead_tup, n_dead_tup::float / greatest(n_live_tup + n_dead_tup, 1),
               clock_timestamp() - greatest(last_autovacuum, last_vacuum)
          FROM pg_stat_user_tables
         WHERE relname LIKE 'nightshift\\_%' AND n_dead_tup > 0
         ORDER BY n_dead_tup DESC
        """
    )
    for table, dead, share, ago in found:
        if dead > FEW and share > SHARE:
            last = f"{format_duration(ago)} ago" if ago is not None else "never"
            raise Problem(
                f"{table} has {counted(dead, 'dead row')} ({share:.0%}), and vacuum last ended there {last}. "
                f"Run `VACUUM (ANALYZE) {table}`; if they stay, a transaction that is open for long keeps them: "
                "look for the oldest xact_start in pg_stat_activity."
            )
    if not found:
        return "no row of the ledger is dead"
    table, dead, share, _ = found[0]
    return f"vacuum keeps up: {counted(dead, 'dead row')} in {table} ({share:.0%}), in others fewer"
