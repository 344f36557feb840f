"""The doorbell: what wakes an executor for a queued run. It carries the run's id and nothing else.

The row is the truth. A ring that is lost is made good by the tick; one heard twice finds the row claimed.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.utils.module_loading import import_string

from jobs.conf import conf
from jobs.ledger import sql
from jobs.ledger.failpoints import point

CHANNEL = "nightshift_doorbell"


class Doorbell(Protocol):
    """A way to wake an executor, now or after a delay.

    `problem` says why nobody can be woken; empty where one can. `rehearse` says it after a ring that wakes nobody.
    """

    def ring(self, run_id: int, delay: timedelta) -> None: ...
    def problem(self) -> str: ...
    def rehearse(self) -> str: ...


class LocalDoorbell:
    """PostgreSQL's NOTIFY, which the local host listens to. The payload is the run's id and the delay in seconds."""

    def ring(self, run_id: int, delay: timedelta) -> None:
        sql.execute("SELECT pg_notify(%s, %s)", [CHANNEL, f"{run_id} {delay.total_seconds()}"])

    def problem(self) -> str:
        """None of its own: it is where the database is."""
        return ""

    def rehearse(self) -> str:
        return self.problem()


@dataclass(frozen=True, kw_only=True, slots=True)
class Ring:
    """A run to wake an executor for, once the change that made it startable is committed."""

    run_id: int
    delay: timedelta = timedelta(0)


def backend() -> Doorbell:
    """The doorbell that the settings name."""
    found: Doorbell = import_string(conf.JOBS_DOORBELL)()
    return found


def ring(run_id: int, delay: timedelta = timedelta(0)) -> None:
    """Wake an executor for this run once `delay` has passed. Call it after the commit that made the run."""
    point("ring.before")
    backend().ring(run_id, delay)
    point("ring.after")


def ring_all(rings: Iterable[Ring]) -> None:
    """Wake an executor for each of them."""
    for each in rings:
        ring(each.run_id, each.delay)
