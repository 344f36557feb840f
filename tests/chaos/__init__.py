"""Real hosts under random faults, judged by a checker that shares no code with them: `make chaos MINUTES=20 HOSTS=3`.

    zoo.py         the jobs and their rules; schedule.py declares them, settings.py and app/ make hosts that know them
    hosts.py       `manage.py functions` in processes of their own, each behind a proxy (proxy.py)
    database.py    a PostgreSQL of its own on a small disk; audit.py lets it keep each change of a run's status
    faults.py      what goes wrong, at random by a seed: on_hosts.py (skew.c for their clocks), on_network.py,
                   on_database.py; by_operators.py and by_hand.py are people
    journal.py     what the commands write to a file, beside the database: when they began, lived and ended
    watch.py       checks while it goes on; checker.py checks the whole history at the end, with occurrences.py,
                   executions.py and bounds.py

The product's timings are divided by SCALE, so that minutes hold what takes hours: a lease of 15 s, a tick each 5 s.
"""

SCALE = 12
LEASE = 180 / SCALE
TICK = 60 / SCALE
