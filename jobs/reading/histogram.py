"""Durations by how many fell into each bucket, as JobDay keeps them: two are added, and a percentile is within 5 %."""

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Self

from jobs.models.job_day import GAMMA


class Histogram(Counter[int]):
    """How many durations each bucket counts. Bucket n lies above GAMMA ** (n - 1) and up to GAMMA ** n seconds."""

    @classmethod
    def of(cls, rows: Iterable[Mapping[str, int]]) -> Self:
        """The sum of columns of JobDay."""
        total = cls()
        for row in rows:
            total.update({int(bucket): count for bucket, count in row.items()})
        return total

    def percentile(self, percent: float, longest: timedelta | None = None) -> timedelta | None:
        """The duration that so many per cent don't exceed, within 5 % or a millisecond; None where none is counted.

        `longest` is the longest of all, where it is known: no percentile exceeds it.
        """
        rank = math.ceil(self.total() * percent / 100)
        for bucket in sorted(self):
            rank -= self[bucket]
            if rank <= 0 and self[bucket]:
                middle = timedelta(seconds=2 * GAMMA**bucket / (GAMMA + 1))
                return middle if longest is None else min(middle, longest)
        return None
