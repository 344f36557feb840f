"""A worker that a benchmark may kill: `python -m benchmarks.victim [SECONDS]` executes the runs whose ids it reads.

It begins as a worker in Azure does, executes each run that it is rung for, and ticks every so many seconds.
"""

import os
import sys
import threading
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from jobs.ledger.doorbell import Ring


class Direct:
    """A doorbell of this process alone: the run is executed here."""

    def ring(self, rings: "Sequence[Ring]") -> None:
        from jobs.execution.worker import this_worker

        for each in rings:
            timer = threading.Timer(each.delay.total_seconds(), this_worker.execute, [each.run_id])
            timer.daemon = True
            timer.start()

    def problem(self) -> str:
        return ""

    def rehearse(self) -> str:
        return ""


def main(ticks_every: float = 0.0) -> None:
    os.environ |= {"DJANGO_SETTINGS_MODULE": "benchmarks.settings", "JOBS_DOORBELL": "benchmarks.victim.Direct"}
    import django

    django.setup()
    from jobs.execution import startup, tick
    from jobs.ledger.doorbell import Ring

    startup.begin()
    if ticks_every:
        threading.Thread(target=_tick, args=(tick.tick, ticks_every), daemon=True).start()
    print("ready", flush=True)
    for line in sys.stdin:
        Direct().ring([Ring(run_id=int(line))])


def _tick(tick: Callable[[], object], every: float) -> None:
    while True:
        tick()
        time.sleep(every - time.time() % every)


if __name__ == "__main__":
    main(*map(float, sys.argv[1:]))
