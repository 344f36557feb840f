"""How long a run may go unseen, and how its watchers keep to it. Leases are counted by the database's clock,
heartbeats and fences by the supervisor's own, which nobody sets back.
"""

from datetime import timedelta

# A failover of the database takes one to two minutes: a lease outlives it.
LEASE = timedelta(seconds=180)
# None lasts longer: one that seems to was given before the database's clock was set back.
LONGEST_LEASE = 2 * LEASE
HEARTBEAT = timedelta(seconds=15)
# A supervisor that got no heartbeat through for so long kills its child, before anyone may call the run lost.
FENCE = timedelta(seconds=150)
# Ticks have to see the database for so long without a break before an old lease says that a run is lost: two
# heartbeats, in which supervisors record what they know. A pause up to the longest is no break: one tick may fail, and
# a lease that was renewed before outlives it.
UNBROKEN = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(seconds=130)
# A host's clock may be ahead of the database's: up to here its timers' occurrences are settled when they fire.
LONGEST_LEAD = timedelta(minutes=10)
# Timers settle their own occurrences; the tick picks up what they left.
PATIENCE = timedelta(seconds=30)
# A queued run that nobody picked up in this time was forgotten by its doorbell.
FORGOTTEN = timedelta(seconds=30)
RING_AGAIN = timedelta(minutes=5)
# An instance without a free slot passes a run on for so long: it is picked up by another, or here again.
BUSY = timedelta(seconds=15)
# A queued run whose job no release at work has declared for so long fails.
UNKNOWN = timedelta(minutes=15)
# How long a statement of ours waits for a lock that another session holds: well under a heartbeat.
LOCK_WAIT = HEARTBEAT / 5
# When the server ends a statement of ours, and when the client gives up waiting for its answer. A connection that went
# silent costs one heartbeat that long, and the next one goes over a new connection well before the fence.
STATEMENT = FENCE / 5
ANSWER = STATEMENT + LOCK_WAIT
# A transaction of ours waits for nothing but the database. One that is idle for longer than it may take to decide about
# ten thousand jobs is that of a host that was cut off or frozen.
IDLE = 2 * STATEMENT
