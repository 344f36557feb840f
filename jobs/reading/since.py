"""What became of the jobs since a moment, such as a person's last visit: in numbers, as far as a page may count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from jobs.choices import Fate, Status
from jobs.ledger import sql
from jobs.reading.keyset import WINDOW


@dataclass(frozen=True, kw_only=True, slots=True)
class Since:
    """Runs that have ended since then by status, and occurrences that were missed without a run.

    `is_capped`: more runs have ended than a page counts, and these are the latest.
    """

    runs: dict[str, int]
    missed: int
    is_capped: bool

    def of(self, *statuses: Status) -> int:
        return sum(self.runs.get(status, 0) for status in statuses)


def since(moment: datetime, jobs: Collection[str]) -> Since:
    """Of these jobs. One query."""
    found = sql.rows(
        f"""
        WITH latest AS MATERIALIZED (
            SELECT status, job FROM nightshift_run WHERE finished_at > %(moment)s
             ORDER BY finished_at DESC LIMIT {WINDOW}
        )
        SELECT status, count(*), (SELECT count(*) FROM latest) FROM latest WHERE job = ANY(%(jobs)s) GROUP BY status
         UNION ALL
        SELECT '', coalesce(sum(count), 0)::bigint, 0
          FROM unnest(%(jobs)s::text[]) AS seen(job), LATERAL (
               SELECT count FROM nightshift_gap g
                WHERE g.job = seen.job AND first > %(moment)s AND fate = %(missed)s LIMIT {WINDOW}
          ) AS gaps
        """,  # noqa: S608 — a number of ours
        {"moment": moment, "jobs": list(jobs), "missed": Fate.MISSED},
    )
    counts = {status: count for status, count, _ in found}
    is_capped = any(looked_at >= WINDOW for _, _, looked_at in found)
    return Since(missed=counts.pop(""), runs=counts, is_capped=is_capped)
