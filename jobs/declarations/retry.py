"""When a run that failed is tried again."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import timedelta
from random import Random

from jobs.choices import Status
from jobs.declarations.values import words


@dataclass(frozen=True, kw_only=True, slots=True)
class Retry:
    """`declare(..., retry=Retry(times=3, delay=timedelta(minutes=1)))`. `declare` checks the values.

    `on` are the outcomes after which a run is tried again: one word or a list. The wait before a retry is `delay`, and
    grows by the factor `backoff` up to `max_delay`. `jitter` is a share: 0.1 spreads waits by ±10 %.
    """

    times: int = 0
    on: str | Collection[str] = (Status.FAILED, Status.TIMED_OUT, Status.LOST)
    delay: timedelta = timedelta(seconds=30)
    backoff: float = 2.0
    max_delay: timedelta = timedelta(hours=1)
    jitter: float = 0.1

    def __post_init__(self) -> None:
        object.__setattr__(self, "on", words(self.on))

    def delay_after(self, failures: int, random: Random) -> timedelta:
        """How long to wait after the `failures`-th failed attempt (1 is the first)."""
        # A large exponent overflows a float long before the ceiling can be asked.
        growth = self.backoff ** min(failures - 1, 64)
        delay = min(self.delay.total_seconds() * growth, self.max_delay.total_seconds())
        return timedelta(seconds=delay * (1 + self.jitter * random.uniform(-1, 1)))
