"""What a worker does once when it starts, as soon as the database answers. Its start neither waits for it nor fails."""

import logging
import threading
import time

from django.db import connection

from jobs.conf import conf
from jobs.execution import journal
from jobs.execution.isolation import marks
from jobs.ledger import claims, doorbell, instance, leases, migration_gate, sessions, sql
from jobs.ledger.doorbell import Ring

log = logging.getLogger(__name__)

# Seconds until the database is asked again, where it is away or its migrations are pending.
PAUSE = 1.0


def begin() -> threading.Thread:
    """Begin with it, on a thread of its own."""
    thread = threading.Thread(target=_until_done, name="jobs-at-start", daemon=True)
    thread.start()
    return thread


def _until_done() -> None:
    logged = False
    while True:
        try:
            if not migration_gate.pending():
                with sessions.ours():
                    declare_predecessors_lost()
                return
            reason = "migrations are pending"
        except sql.AWAY as error:
            reason = f"the database is away: {' '.join(str(error).split())}"
        except Exception:  # the lease of what is left undone ends by itself
            log.exception(
                "a dead predecessor's runs on this instance can't be ended now; they are lost when their leases end"
            )
            return
        finally:
            connection.close()
        if not logged:
            log.warning("a dead predecessor's runs on this instance can't be ended yet, trying each second: %s", reason)
        logged = True
        time.sleep(PAUSE)


def declare_predecessors_lost() -> list[Ring]:
    """What a worker that died on this instance was running is lost, and needn't wait for its lease."""
    # First: a run may be executed again as soon as it is called lost.
    marks.end_those_of_dead_supervisors()
    # What it knew of its runs' ends comes first too.
    rings = journal.record()
    orphans = [claim for claim, owner in leases.of_instance(instance.current().name) if _has_died(owner)]
    rings += leases.declare_lost(
        orphans, "Its supervisor died, and a new one started in its place.", only_if_lease_expired=False
    )
    if orphans:
        # What waited behind a run that ended here can start now.
        rung = {ring.run_id for ring in rings}
        rings += [Ring(run_id=run) for run in claims.next_ready(conf.JOBS_MAX_RUNNING) if run not in rung]
    doorbell.ring_all(rings)
    return rings


def _has_died(supervisor: str) -> bool:
    return bool(supervisor) and instance.is_dead(supervisor)
