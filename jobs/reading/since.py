"""What became of the jobs since a moment, such as a person's last visit: in numbers, as far as a page may count."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from jobs.choices import Fate, Status
from jobs.ledger import sql
from jobs.reading.keyset import WINDOW


@dataclass(frozen=True, slots=True)
class Ended:
    """So many runs of a job have ended so; `last` is the id of the last one."""

    job: str
    status: str
    count: int
    last: int


@dataclass(frozen=True, kw_only=True, slots=True)
class Since:
    """Runs that have ended since then, and how many occurrences were missed without a run.

    `is_capped`: more runs have ended than a page counts, and these are of the latest.
    """

    ended: list[Ended]
    missed: int
    is_capped: bool

    @property
    def total(self) -> int:
        return sum(each.count for each in self.ended)

    def of(self, *statuses: Status) -> int:
        return sum(each.count for each in self.ended if each.status in statuses)


def since(moment: datetime, jobs: Collection[str]) -> Since:
    """Of these jobs. One query."""
    found = sql.rows(
        f"""
        WITH latest AS MATERIALIZED (
            SELECT id, status, job FROM nightshift_run WHERE finished_at > %(moment)s
             ORDER BY finished_at DESC LIMIT {WINDOW}
        )
        SELECT job, status, count(*), max(id), (SELECT count(*) FROM latest)
          FROM latest WHERE job = ANY(%(jobs)s) GROUP BY job, status
         UNION ALL
        SELECT '', '', coalesce(sum(count), 0)::bigint, 0, (SELECT count(*) FROM latest)
          FROM unnest(%(jobs)s::text[]) AS seen(job), LATERAL (
               SELECT count FROM nightshift_gap g
                WHERE g.job = seen.job AND first > %(moment)s AND fate = %(missed)s LIMIT {WINDOW}
          ) AS gaps
        """,  # noqa: S608 — a number of ours
        {"moment": moment, "jobs": list(jobs), "missed": Fate.MISSED},
    )
    ended = [Ended(job, status, count, last) for job, status, count, last, _ in found if job]
    [missed] = [count for job, _, count, _, _ in found if not job]
    return Since(missed=missed, ended=ended, is_capped=any(looked_at >= WINDOW for *_, looked_at in found))
