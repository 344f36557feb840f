"""Since when ticks have seen the database without a break: until they have for a while, an old lease says nothing.

After an outage supervisors record the ends that they know, and renew their leases, within two heartbeats. A jump of the
database's clock looks like an outage to whoever reads only that clock, and makes every lease look old. The series of
ticks is kept in the ledger, so that it survives the processes that tick.
"""

import logging
from datetime import datetime, timedelta
from functools import partial

from jobs import clocks
from jobs.choices import EventKind
from jobs.clocks import TOLERANCE, Reading
from jobs.formats import utc_time
from jobs.ledger import events, judging, outages, sql, timing

log = logging.getLogger(__name__)

# Whether a lease that ran out says that its supervisor is gone; `t` is the row of nightshift_lasttick.
EXPIRY_COUNTS = """
    t.unbroken_since <= clock_timestamp() - %(unbroken)s
    AND t.seen_at BETWEEN clock_timestamp() - %(longest_pause)s AND clock_timestamp() + %(tolerance)s
    -- A fence is counted by a clock that nobody sets: after a jump it may pass as much later than the lease.
    AND (t.jumped_at IS NULL OR t.jump BETWEEN -%(margin)s AND %(margin)s
         OR t.jumped_at NOT BETWEEN clock_timestamp() - %(lease)s AND clock_timestamp())
"""

# How often the log says that the clocks differ, where that doesn't change. In seconds.
AGAIN = 3600.0


class TickObserver:
    """What a process that ticks has seen of the clocks."""

    def __init__(self) -> None:
        self.last: Reading | None = None
        # When the log last said how far the clocks differ, and how far.
        self._reported_at, self._reported = 0.0, timedelta(0)

    def observe(self) -> None:
        """Note that a tick sees the database now. Report a jump of its clock, and a difference from this host's."""
        note = partial(_note, self._was_here())
        reading, last = clocks.read(partial(judging.if_it_works, note, "a tick")), self.last
        self.last = reading
        if last is not None:
            _report_jump(reading, last)
        self._report_difference(reading)

    def _was_here(self) -> bool:
        """Whether this process has ticked within an outage's length: then a longer pause is a jump of the clock."""
        return self.last is not None and clocks.elapsed() - self.last.received < outages.OUTAGE.total_seconds()

    def _report_difference(self, reading: Reading) -> None:
        """Say it in the log when it changes, and once an hour."""
        ahead = reading.ahead if clocks.difference(reading) else timedelta(0)
        has_changed = abs(ahead - self._reported) > TOLERANCE
        if has_changed or (ahead and clocks.elapsed() - self._reported_at >= AGAIN):
            log.warning("%s", clocks.difference(reading) or "This host's clock and the database's agree again.")
            self._reported_at, self._reported = clocks.elapsed(), ahead


def parameters() -> dict[str, object]:
    """What EXPIRY_COUNTS needs to know."""
    return {
        "unbroken": timing.UNBROKEN,
        "longest_pause": timing.LONGEST_PAUSE,
        "tolerance": TOLERANCE,
        "lease": timing.LEASE,
        # Half of the time between a fence and the lease's end: the rest is for what else delays a supervisor.
        "margin": (timing.LEASE - timing.FENCE) / 2,
    }


def _note(was_here: bool) -> datetime:
    """Lengthen the series of ticks, or begin a new one; after a long pause an incident is open. Gives the database's
    clock.
    """
    with judging.told_apart():
        now: datetime = sql.value(
            f"""
            WITH before AS MATERIALIZED (SELECT seen_at FROM nightshift_lasttick WHERE seen_at IS NOT NULL),
            noted AS (
                INSERT INTO nightshift_lasttick AS t (seen_at, unbroken_since)
                VALUES (clock_timestamp(), clock_timestamp())
                    ON CONFLICT (id) DO UPDATE
                   SET seen_at = clock_timestamp(),
                       unbroken_since = CASE
                           WHEN clock_timestamp() - t.seen_at BETWEEN -%(tolerance)s AND %(longest_pause)s
                           THEN coalesce(t.unbroken_since, clock_timestamp())
                           ELSE clock_timestamp() END
                RETURNING seen_at
            ) {outages.opening()}
            SELECT seen_at FROM noted
            """,  # noqa: S608 — what it opens is fixed
            parameters() | outages.parameters() | {"was_here": was_here},
        )
    return now


def clock() -> Reading:
    """The database's clock, beside this machine's."""
    return clocks.read(lambda: sql.value("SELECT clock_timestamp()"))


def latest_jump() -> str:
    """How the database's clock was last set, and when a tick found it so; empty where none has."""
    row = sql.row("SELECT jumped_at, jump FROM nightshift_lasttick WHERE jumped_at IS NOT NULL")
    return f"set {_way(row[1])}, as a tick found at {utc_time(row[0])}" if row else ""


def _way(jump: timedelta) -> str:
    return f"{'ahead' if jump > timedelta(0) else 'back'} by {clocks.seconds(jump)}"


def _report_jump(reading: Reading, last: Reading) -> None:
    jump = reading.jumped_since(last)
    if abs(jump) <= TOLERANCE:
        return
    message = f"The database's clock was set {_way(jump)} since the last tick. It shows {utc_time(reading.at)}."
    log.warning("%s", message)
    # The tick of another host may have noted the same jump already.
    sql.execute(
        f"""
        WITH noted AS (
            UPDATE nightshift_lasttick
               SET jumped_at = clock_timestamp(), jump = %(jump)s, unbroken_since = clock_timestamp()
             WHERE jumped_at IS NULL OR jump - %(jump)s NOT BETWEEN -%(tolerance)s AND %(tolerance)s
                   OR jumped_at NOT BETWEEN clock_timestamp() - %(longest_pause)s AND clock_timestamp()
            RETURNING id
        )
        {events.INSERT} SELECT %(kind)s, '', '', %(message)s FROM noted
        """,  # noqa: S608 — INSERT is fixed
        parameters() | {"jump": jump, "message": message, "kind": EventKind.CLOCK_JUMPED},
    )
