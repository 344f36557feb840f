"""How long each job usually takes, by JobDay: of its runs that succeeded in the latest thirty days."""

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jobs.ledger import sql
from jobs.reading.histogram import Histogram

DAYS = timedelta(days=30)
# A month's histograms change slowly, and adding them up is most of what a page of 500 jobs costs.
KEPT = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Usual:
    """Half of the runs take no longer than `p50`; nine in ten than `p90`; 95 in a hundred than `p95`."""

    p50: timedelta
    p90: timedelta
    p95: timedelta
    runs: int

    def far_beyond(self, elapsed: timedelta) -> bool:
        """Whether a run that takes so long should be looked at: twice as long as almost all, and a minute longer."""
        return self.runs >= FEWEST and elapsed > max(2 * self.p95, self.p95 + timedelta(minutes=1))


# Fewer say nothing of what is usual.
FEWEST = 5


class _Kept:
    """What this process last read."""

    found: dict[str, Usual]
    until = 0.0

    def forget(self) -> None:
        self.until = 0.0


kept = _Kept()


def usual_durations(now: datetime) -> dict[str, Usual]:
    """Of each job that has succeeded in that time. One query, in five minutes."""
    if time.monotonic() >= kept.until:
        kept.found = _read(now)
        kept.until = time.monotonic() + KEPT.total_seconds()
    return kept.found


def _read(now: datetime) -> dict[str, Usual]:
    rows = sql.rows(
        """
        SELECT job, json_object_agg(key, number)::text
          FROM (SELECT job, key, sum(value::int) AS number
                  FROM nightshift_jobday, jsonb_each_text(duration) WHERE day > %s GROUP BY 1, 2) AS each
         GROUP BY 1
        """,
        [(now - DAYS).astimezone(UTC).date()],
    )
    return {job: usual for job, counts in rows if (usual := _usual(Histogram.of([json.loads(counts)])))}


def _usual(durations: Histogram) -> Usual | None:
    p50, p90, p95 = (durations.percentile(percent) for percent in (50, 90, 95))
    return Usual(p50, p90, p95, durations.total()) if p50 and p90 and p95 else None
