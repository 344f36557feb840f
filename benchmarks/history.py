"""A year of history, made by the database itself: python -m benchmarks.history 5000000

Runs of 500 jobs with their attempts, output of a part of them, gaps and events. A few jobs make half of the runs, most
have few, and some never ran. What is rare lies long ago: the last lost run, the last one that an API client started.
"""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from importlib import import_module
from types import SimpleNamespace

from django.db import connection, transaction
from django.utils import timezone

JOBS = 500
PERIOD = timedelta(days=365)
# From here on, indexes are built after the rows.
MANY = 500_000

# Of fifty jobs one is due all the time, nine are due often, 39 now and then, and one never.
NAMES = """
    SELECT n, concat_ws('_', (ARRAY['import', 'export', 'send', 'refresh', 'publish', 'rebuild', 'prune'])[n %% 7 + 1],
                        (ARRAY['rates', 'orders', 'mails', 'reports', 'search', 'sessions'])[n %% 6 + 1], n) AS job,
           CASE WHEN n %% 50 = 0 THEN 'busy' WHEN n %% 50 = 1 THEN 'idle' WHEN n %% 50 <= 10 THEN 'often'
                ELSE 'rare' END AS kind
      FROM generate_series(1, %(jobs)s) AS n
"""
RUNS = f"""
    INSERT INTO nightshift_run (job, trigger, scheduled_for, status, requested_by, created_at, not_before, started_at,
                                finished_at, attempt, failures, reason, error)
    WITH shared AS (
        SELECT n, job, kind, %(runs)s * CASE kind WHEN 'busy' THEN 0.5 WHEN 'often' THEN 0.4 WHEN 'rare' THEN 0.1
                                        ELSE 0 END / count(*) OVER (PARTITION BY kind) AS runs
          FROM ({NAMES}) AS named
    ), due AS (
        SELECT n, job, kind, %(begin)s::timestamptz + %(period)s::interval * ((k - 0.5) / ceil(runs)) AS at,
               random() AS outcome, random() AS door, random() AS luck, random() AS speed
          FROM shared, generate_series(1, ceil(runs)::int) AS k
    ), decided AS (
        SELECT *, at - %(begin)s::timestamptz AS age, CASE
                 -- A job in a hundred fails whenever it is due, in the second half of the year.
                 WHEN n %% 100 = 50 AND at > %(begin)s::timestamptz + %(period)s::interval / 2 THEN 'failed'
                 -- One day's outage.
                 WHEN outcome < 0.1 AND at BETWEEN %(begin)s::timestamptz + %(period)s::interval * 0.1
                                       AND %(begin)s::timestamptz + %(period)s::interval * 0.103 THEN 'lost'
                 WHEN n %% 7 = 0 THEN 'succeeded'
                 WHEN outcome < 0.020 THEN 'failed'
                 WHEN outcome < 0.023 THEN 'timed_out'
                 WHEN outcome < 0.024 THEN 'cancelled'
                 WHEN outcome < 0.034 THEN 'skipped'
                 WHEN outcome < 0.036 THEN 'missed'
                 ELSE 'succeeded' END AS status,
               CASE WHEN door < 0.01 THEN 'manual' WHEN door < 0.015 THEN 'catch_up' WHEN door < 0.02 THEN 'chain'
                    WHEN door < 0.03 AND at < %(begin)s::timestamptz + %(period)s::interval / 3 THEN 'api'
                    ELSE 'schedule' END AS trigger
          FROM due
    ), timed AS (
        SELECT *, status IN ('skipped', 'missed') AS never_started, at + interval '0.2 seconds' * (1 + luck) AS start,
               interval '1 second' * (1 + n %% 60) * (0.5 - ln(1 - speed)) AS took
          FROM decided
    )
    SELECT job, trigger, CASE WHEN trigger IN ('schedule', 'catch_up') THEN at END, status,
           CASE trigger WHEN 'manual' THEN (ARRAY['ada', 'grace', 'edsger'])[n %% 3 + 1] WHEN 'api' THEN 'robot'
                        ELSE '' END,
           at, at, CASE WHEN NOT never_started THEN start END, CASE WHEN never_started THEN start ELSE start + took END,
           CASE WHEN never_started THEN 0 WHEN luck < 0.01 THEN 2 ELSE 1 END,
           CASE WHEN status IN ('failed', 'timed_out', 'lost') THEN 1 ELSE 0 END,
           CASE status WHEN 'skipped' THEN 'overlap' WHEN 'missed' THEN 'too_late' ELSE '' END,
           CASE status
           WHEN 'failed' THEN format((ARRAY['ValueError: invalid literal for int() with base 10: ''%%s''',
                                            'OSError: the file orders-%%s.csv is empty.',
                                            'RuntimeError: batch %%s was refused.',
                                            'OperationalError: server closed the connection (%%s)'])[n %% 4 + 1],
                                     (1e6 * luck)::int)
                              || CASE WHEN speed < 0.001 THEN ' quota exceeded' ELSE '' END
           WHEN 'timed_out' THEN 'It reached its timeout of 1 h.'
           WHEN 'lost' THEN 'Its supervisor was lost.'
           WHEN 'skipped' THEN 'Another run was in its way.'
           WHEN 'missed' THEN 'Nothing picked it up before its start deadline.' ELSE '' END
      FROM timed ORDER BY at
"""
AT_WORK = f"""
    INSERT INTO nightshift_run (job, trigger, status, created_at, not_before, started_at, attempt, lease_expires_at)
    SELECT job, 'manual', CASE WHEN n %% 5 = 0 THEN 'running' ELSE 'queued' END, %(end)s, %(end)s,
           CASE WHEN n %% 5 = 0 THEN %(end)s::timestamptz END, CASE WHEN n %% 5 = 0 THEN 1 ELSE 0 END,
           CASE WHEN n %% 5 = 0 THEN %(end)s::timestamptz + interval '3 minutes' END
      FROM ({NAMES}) AS named WHERE n <= 20
"""
ATTEMPTS = """
    INSERT INTO nightshift_attempt (run_id, number, status, started_at, finished_at, exit_code, error, wall, cpu,
                                    peak_memory, sql_statements, output_bytes, instance, supervisor, release)
    SELECT id, number, CASE WHEN number < attempt THEN 'failed' ELSE status END, started_at, finished_at,
           CASE WHEN status = 'succeeded' AND number = attempt THEN 0 ELSE 1 END, error, finished_at - started_at,
           (finished_at - started_at) / 4, 50000000 + id %% 1000 * 100000, id %% 500,
           CASE WHEN id %% 20 = 0 THEN 1320 ELSE 0 END, 'instance-' || id %% 4, 'ns/1/1', '1.' || id / 100000
      FROM nightshift_run, generate_series(1, attempt) AS number
     WHERE finished_at IS NOT NULL ORDER BY id, number
"""
OUTPUT = """
    INSERT INTO nightshift_output (attempt_id, number, at, body)
    SELECT a.id, 0, a.finished_at, convert_to(string_agg(md5((a.id * 40 + line)::text), E'\\n'), 'UTF8')
      FROM nightshift_attempt a, generate_series(1, 40) AS line
     WHERE a.output_bytes > 0 GROUP BY a.id
"""
GAPS = f"""
    INSERT INTO nightshift_gap (job, fingerprint, first, last, count, fate, reason, by, note, recorded_at)
    SELECT job, '0 * * * * * UTC', at, at + interval '1 minute' * long, 1 + long,
           CASE WHEN reason IN ('too_late', 'superseded', 'unscheduled') THEN 'missed' ELSE 'skipped' END, reason,
           CASE reason WHEN 'paused' THEN 'grace' ELSE '' END,
           CASE reason WHEN 'paused' THEN 'the warehouse moves' ELSE '' END, at + interval '1 second'
      FROM (
        SELECT job, %(begin)s::timestamptz + %(period)s::interval * k / %(gaps)s AS at, k %% 9 AS long,
               CASE WHEN k < %(gaps)s / 100 THEN 'unscheduled' WHEN luck < 0.6 THEN 'overlap'
                    WHEN luck < 0.7 THEN 'paused' WHEN luck < 0.8 THEN 'disabled' WHEN luck < 0.9 THEN 'too_late'
                    ELSE 'superseded' END AS reason
          FROM (SELECT k, random() AS luck, 1 + floor(%(jobs)s * random() ^ 3)::int AS chosen
                  FROM generate_series(1, %(gaps)s) AS k) AS drawn
          JOIN ({NAMES}) AS named ON n = chosen
      ) AS made ORDER BY at
"""
EVENTS = f"""
    INSERT INTO nightshift_event (at, job, kind, by, reason, message)
    SELECT at, job, kind, CASE WHEN kind IN ('paused', 'resumed') THEN 'grace' ELSE '' END, '', 'Case ' || k
      FROM (
        SELECT k, job, %(begin)s::timestamptz + %(period)s::interval * k / %(gaps)s AS at,
               CASE WHEN k < %(gaps)s / 100 THEN 'rewound' WHEN luck < 0.8 THEN 'ambiguous_call'
                    WHEN luck < 0.9 THEN 'paused' ELSE 'resumed' END AS kind
          FROM (SELECT k, random() AS luck, 1 + floor(%(jobs)s * random() ^ 3)::int AS chosen
                  FROM generate_series(1, %(gaps)s) AS k) AS drawn
          JOIN ({NAMES}) AS named ON n = chosen
      ) AS made ORDER BY at
"""
STATES = f"""
    INSERT INTO nightshift_jobstate (job, fingerprint, ledger_from, ledger_through)
    SELECT job, '0 * * * * * UTC', %(begin)s, %(end)s FROM ({NAMES}) AS named
"""
# Each job's latest failure is still open; each one before it was over in an hour.
INCIDENTS = """
    INSERT INTO nightshift_incident (job, cause, opened_at, last_at, first_run_id, last_run_id, error, detail,
                                     resolved_at, resolution)
    SELECT job, 'failed', finished_at, finished_at, id, id, error, 'A run failed.',
           CASE WHEN place > 1 THEN finished_at + interval '1 hour' END,
           CASE WHEN place > 1 THEN 'recovered' ELSE '' END
      FROM (SELECT *, row_number() OVER (PARTITION BY job ORDER BY id DESC) AS place
              FROM nightshift_run WHERE status = 'failed') AS failed
     ORDER BY id
"""
TABLES = [
    *("nightshift_run", "nightshift_attempt", "nightshift_output"),
    *("nightshift_gap", "nightshift_event", "nightshift_incident"),
]


def make(runs: int, jobs: int = JOBS, end: datetime | None = None, receipts: bool = True) -> list[str]:
    """Fill an empty ledger with about this many runs of so many jobs, in the year before a moment; now unless given.

    Without `receipts` there are no attempts, and no output. The jobs' names are given back. Foreign
    keys aren't checked meanwhile, which only a superuser may ask for.
    """
    end = end or timezone.now()
    values = {
        "runs": runs,
        "jobs": jobs,
        "gaps": max(runs // 50, 5_000),
        "begin": end - PERIOD,
        "end": end,
        "period": PERIOD,
    }
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica; SELECT setseed(0.5)")
        cursor.execute("SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '512MB'")
        with without_indexes() if runs >= MANY else transaction.atomic():
            for statement in (
                RUNS,
                AT_WORK,
                *([ATTEMPTS, OUTPUT] if receipts else []),
                GAPS,
                EVENTS,
                INCIDENTS,
                STATES,
            ):
                cursor.execute(statement, values)
        # As a history that grew would have them.
        cursor.execute(f"ANALYZE {', '.join([*TABLES, 'nightshift_jobstate'])}")
        import_module("jobs.migrations.0004_fill_job_day").fill(None, SimpleNamespace(connection=connection))
        cursor.execute(f"SELECT job FROM ({NAMES}) AS named", values)
        return [job for (job,) in cursor.fetchall()]


@contextmanager
def without_indexes() -> Iterator[None]:
    """Drop the tables' indexes, but those of their keys, and build them afterwards: several times as fast."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT format('ALTER TABLE %%s DROP CONSTRAINT %%I', conrelid::regclass, conname),
                   format('ALTER TABLE %%s ADD CONSTRAINT %%I %%s', conrelid::regclass, conname,
                          pg_get_constraintdef(oid))
              FROM pg_constraint WHERE contype = 'u' AND conrelid = ANY(%(tables)s::regclass[])
             UNION ALL
            SELECT format('DROP INDEX %%s', indexrelid::regclass), pg_get_indexdef(indexrelid)
              FROM pg_index WHERE indrelid = ANY(%(tables)s::regclass[])
               AND NOT EXISTS (SELECT FROM pg_constraint WHERE conindid = indexrelid AND contype IN ('p', 'u'))
            """,
            {"tables": TABLES},
        )
        found = cursor.fetchall()
        for drop, _ in found:
            cursor.execute(drop)
        yield
        for _, build in found:
            cursor.execute(build)


def main(runs: int) -> None:
    """Leave the history in the benchmarks' database, to look at by hand."""
    import time

    from benchmarks.database import create

    create()
    began = time.monotonic()
    make(runs)
    with connection.cursor() as cursor:
        cursor.execute("VACUUM")
        cursor.execute("SELECT pg_size_pretty(pg_database_size(current_database()))")
        (size,) = cursor.fetchone()
    took = time.monotonic() - began
    print(f"{runs:,} runs in {took:.0f} s, {size}, in the database {connection.settings_dict['NAME']}.")


if __name__ == "__main__":
    import os

    os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"
    import django

    django.setup()
    main(int(sys.argv[1]))
