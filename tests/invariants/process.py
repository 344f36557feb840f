"""A worker in a process of its own, which a test may kill. It reads what to do as JSON from its first argument.

    declare    jobs: {"name": …, "arguments": […], "rules": {…}}
    timing     seconds that take the place of those in jobs.ledger.timing
    deliver    moments at which the jobs' timers call; `deliver_now` is now
    tick       settle by the tick instead of by timers
    tick_for   tick again and again for so many seconds, as the host does whatever becomes of a tick
    start      do what a worker does at its start, and wait for its end
    first_seen    seconds for which it has known what is declared
    at_once    execute what the timers queued at once, each in a thread, and not one after another
    host_for   tick and execute whatever is queued, for so many seconds: as a host that hears every bell
    release    JOBS_RELEASE
    fault      the named point at which it kills itself, or with :STOP freezes (for JOBS_FAULT)
    repair     have what was missed run: of a job, from one moment to another
    linger     execute what is queued until nothing is left

Says `ready` when it is, and begins at the end of its standard input: a test starts several at once.
"""

import json
import os
import sys
import threading
import time
from contextlib import suppress
from datetime import datetime, timedelta

os.environ["DJANGO_SETTINGS_MODULE"] = "tests.invariants.settings"


def main(orders):
    import django

    os.environ["JOBS_RELEASE"] = orders.get("release", "")
    django.setup()
    from django.conf import settings
    from django.db import OperationalError

    from jobs import declare
    from jobs.azure.calls import usable_connections
    from jobs.declarations.registry import registry
    from jobs.execution import startup, tick
    from jobs.execution.isolation.client import server
    from jobs.execution.worker import this_worker
    from jobs.ledger import claims, missed, timing
    from jobs.ledger.settle import settle
    from jobs.models import Run
    from tests.helpers.declarations import rules

    def execute(run):
        with usable_connections():
            this_worker.execute(run)

    settings.JOBS_MAX_RUNNING = 16
    for name, seconds in orders.get("timing", {}).items():
        setattr(timing, name, timedelta(seconds=seconds))
    registry.first_seen -= orders.get("first_seen", 0)
    registry.clear()
    for job in orders["declare"]:
        declare(job["name"], *job["arguments"], **rules(job["rules"]))
    assert not registry.problems, registry.problems
    server.start()
    print("ready", flush=True)
    sys.stdin.read()

    if orders.get("start"):
        startup.begin().join()
    if orders.get("tick"):
        for run in tick.tick():
            this_worker.execute(run.run)
    moments = [datetime.fromisoformat(moment) for moment in orders.get("deliver", [])]
    threads = []
    for moment in [None] if orders.get("deliver_now") else moments:
        for job in registry.scheduled():
            for run in settle([job], moment).runs:
                if orders.get("at_once"):
                    threads.append(threading.Thread(target=execute, args=[run.run]))
                    threads[-1].start()
                else:
                    this_worker.execute(run.run)
    for thread in threads:
        thread.join()
    end = time.monotonic() + orders.get("tick_for", 0)
    while time.monotonic() < end:
        with suppress(OperationalError), usable_connections():
            tick.tick()
        time.sleep(0.1)
    end = time.monotonic() + orders.get("host_for", 0)
    while time.monotonic() < end:
        tick.tick()
        for run in Run.objects.ready().order_by("?").values_list("pk", flat=True):
            this_worker.execute(run)
        time.sleep(0.05)
    if order := orders.get("repair"):
        window = {name: datetime.fromisoformat(order[name]) for name in ("after", "before")}
        missed.run_missed(registry[order["job"]], **window, requested_by="anna")
    if orders.get("linger"):
        while Run.objects.active().exists():
            for run in claims.next_ready(4):
                this_worker.execute(run)
            time.sleep(0.01)
    this_worker.shut_down(timedelta(0))


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
