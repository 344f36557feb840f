"""How long after it was due a run has started by the ledger, on the local host with a timer of each second."""

import time
from datetime import timedelta
from statistics import median, quantiles

from benchmarks.harness import Figure, Result, Side, duration, rounds
from benchmarks.hosts import local_host
from benchmarks.ledger import commit
from jobs.ledger import claims, instance, sessions
from jobs.models import Run
from tests.helpers.rows import a_queued_run

SECONDS = 60
# The first runs start a fork server and connections.
WARM_UP = 5


def measure() -> list[Result]:
    with local_host(BENCHMARK_SECONDS="1"):
        time.sleep(WARM_UP + SECONDS)
    runs = Run.objects.filter(job="each_second", started_at__isnull=False, trigger="schedule").order_by("scheduled_for")
    late = sorted(_milliseconds(run.lateness) for run in list(runs)[WARM_UP:])
    percentiles = quantiles(late, n=100, method="inclusive")
    middle, worst = percentiles[49], percentiles[98]
    with sessions.ours():
        claimed, committed = rounds(Side(work=claim, prepare=queue), Side(work=commit))
    floor = median(cost.wall for cost in claimed)
    return [
        Result(
            row=14,
            figures=[
                Figure(f"p50 {middle:.1f} ms", "at most 5 ms", middle <= 5),
                Figure(f"p99 {worst:.1f} ms", "at most 20 ms", worst <= 20),
            ],
            notes=[
                f"{len(late)} runs of a job that is due each second: from its moment to `started_at`, by the "
                f"database's clock, which is the host's. The least is {late[0]:.1f} ms.",
                f"A claim takes {duration(floor)} with its commit, in turn with a bare commit of one row "
                f"({duration(median(cost.wall for cost in committed))}). Before it come the host's timer, the call of "
                "the worker and `settle`, which commits too.",
                "What holds it back: two commits, of the run and of its claim, which are apart because any instance "
                "may claim it; some ten round trips to the database, as bounds, clock, look, lock and writes are "
                "statements of their own; and the host's call of the worker by gRPC, as Azure's is. Where it goes, of "
                "a run that took 11 ms under load: 0.9 the host's timer, 0.5 its call, 0.9 the session's bounds, 0.3 "
                "the clock, 4.9 `settle`, 2.9 the claim. Tried: prepared statements (kept; a third less).",
            ],
        )
    ]


def _milliseconds(lateness: timedelta | None) -> float:
    assert lateness is not None
    return lateness / timedelta(milliseconds=1)


_queued: list[int] = []


def queue() -> None:
    Run.objects.filter(job="noop_beside").delete()
    _queued.append(a_queued_run("noop_beside", exclusive=False).pk)


def claim() -> None:
    assert claims.claim(_queued.pop(), instance.current())
