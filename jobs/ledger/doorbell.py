"""The doorbell: what wakes an executor for a queued run. It carries the run's id and nothing else.

The row is the truth. A ring that is lost is made good by the tick; one heard twice finds the row claimed.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from django.utils.module_loading import import_string

from jobs.conf import conf
from jobs.ledger import sql
from jobs.ledger.failpoints import point

CHANNEL = "nightshift_doorbell"


@dataclass(frozen=True, kw_only=True, slots=True)
class Ring:
    """A run to wake an executor for, once the change that made it startable is committed."""

    run_id: int
    delay: timedelta = timedelta(0)


class Doorbell(Protocol):
    """A way to wake an executor for each of some runs, now or after a delay.

    `problem` says why nobody can be woken; empty where one can. `rehearse` says it after a ring that wakes nobody.
    """

    def ring(self, rings: Sequence[Ring]) -> None: ...
    def problem(self) -> str: ...
    def rehearse(self) -> str: ...


class LocalDoorbell:
    """PostgreSQL's NOTIFY, which the local host listens to. The payload is the run's id and the delay in seconds."""

    def ring(self, rings: Sequence[Ring]) -> None:
        payloads = [f"{ring.run_id} {ring.delay.total_seconds()}" for ring in rings]
        sql.execute("SELECT pg_notify(%s, payload) FROM unnest(%s::text[]) AS payload", [CHANNEL, payloads])

    def problem(self) -> str:
        """None of its own: it is where the database is."""
        return ""

    def rehearse(self) -> str:
        return self.problem()


def backend() -> Doorbell:
    """The doorbell that the settings name."""
    found: Doorbell = import_string(conf.JOBS_DOORBELL)()
    return found


def channel() -> str:
    """What a statement may notify with a run's id and its delay in seconds, to ring as it commits.

    Empty for a doorbell that isn't PostgreSQL's NOTIFY: ring for the run once it is committed.
    """
    return CHANNEL if type(backend()) is LocalDoorbell else ""


def ring(run_id: int, delay: timedelta = timedelta(0)) -> None:
    """Wake an executor for this run once `delay` has passed. Call it after the commit that made the run."""
    ring_all([Ring(run_id=run_id, delay=delay)])


def ring_all(rings: Iterable[Ring]) -> None:
    """Wake an executor for each of them, in one go."""
    if found := list(rings):
        point("ring.before")
        backend().ring(found)
        point("ring.after")
