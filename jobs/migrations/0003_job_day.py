"""JobDay, and the functions and triggers by which the database counts each run that ends.

The triggers fire where the transaction commits. So the row of a busy job's day, which all its ends change, is locked
for no longer than a commit takes, and after all other rows: ends never wait for each other in a circle.
"""

import datetime

from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration

# In which bucket of a histogram a duration is counted; NULL for none. The ends of bucket n are 1.1 ^ (n - 1) and 1.1 ^ n seconds.
BUCKET = """
CREATE FUNCTION nightshift_bucket(duration interval) RETURNS text LANGUAGE sql IMMUTABLE AS $$
    SELECT CASE WHEN duration IS NOT NULL -- greatest() would take no notice of it
                THEN ceil(ln(greatest(extract(epoch FROM duration)::float8, 0.001)) / ln(1.1::float8))::int::text END
$$
"""

# Two objects of counts by key, added. What comes to zero is left out.
ADDED = """
CREATE FUNCTION nightshift_added(one jsonb, other jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE AS $$
    SELECT coalesce(jsonb_object_agg(key, total), '{}')
      FROM (SELECT key, sum(value::bigint) AS total
              FROM (SELECT * FROM jsonb_each_text(one) UNION ALL SELECT * FROM jsonb_each_text(other)) AS each
             GROUP BY key HAVING sum(value::bigint) <> 0) AS totals
$$
"""

# What a run that has ended counts for. Clocks are set back at times: no duration is below zero.
FACTS = """
CREATE FUNCTION nightshift_facts(run nightshift_run)
RETURNS TABLE (day date, retries int, duration interval, lateness interval, cpu interval, peak_memory bigint)
LANGUAGE sql STABLE AS $$
    SELECT (run.finished_at AT TIME ZONE 'UTC')::date,
           greatest(run.attempt - 1, 0),
           CASE WHEN run.status = 'succeeded' AND run.started_at IS NOT NULL
                THEN greatest(run.finished_at - run.started_at, interval '0') END,
           CASE WHEN run.scheduled_for IS NOT NULL AND a.started_at IS NOT NULL
                THEN greatest(a.started_at - run.scheduled_for, interval '0') END,
           a.cpu, a.peak_memory
      FROM (SELECT min(started_at) FILTER (WHERE number = 1) AS started_at, sum(cpu) AS cpu,
                   max(peak_memory) AS peak_memory
              FROM nightshift_attempt WHERE run_id = run.id) AS a
$$
"""

COUNT_END = """
CREATE FUNCTION nightshift_count_end() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    facts record;
    took text;
    late text;
BEGIN
    SELECT * INTO facts FROM nightshift_facts(NEW);
    took := nightshift_bucket(facts.duration);
    late := nightshift_bucket(facts.lateness);
    INSERT INTO nightshift_jobday AS d
           (job, day, trigger, succeeded, failed, timed_out, cancelled, lost, skipped, missed, retries,
            duration, duration_sum, duration_max, lateness, lateness_sum, lateness_max, cpu, peak_memory)
    VALUES (NEW.job, facts.day, NEW.trigger, (NEW.status = 'succeeded')::int, (NEW.status = 'failed')::int,
            (NEW.status = 'timed_out')::int, (NEW.status = 'cancelled')::int, (NEW.status = 'lost')::int,
            (NEW.status = 'skipped')::int, (NEW.status = 'missed')::int, facts.retries,
            CASE WHEN took IS NULL THEN '{}' ELSE jsonb_build_object(took, 1) END,
            coalesce(facts.duration, interval '0'), facts.duration,
            CASE WHEN late IS NULL THEN '{}' ELSE jsonb_build_object(late, 1) END,
            coalesce(facts.lateness, interval '0'), facts.lateness,
            coalesce(facts.cpu, interval '0'), facts.peak_memory)
        ON CONFLICT (job, day, trigger) DO UPDATE
       SET succeeded = d.succeeded + excluded.succeeded, failed = d.failed + excluded.failed,
           timed_out = d.timed_out + excluded.timed_out, cancelled = d.cancelled + excluded.cancelled,
           lost = d.lost + excluded.lost, skipped = d.skipped + excluded.skipped, missed = d.missed + excluded.missed,
           retries = d.retries + excluded.retries,
           duration = CASE WHEN took IS NULL THEN d.duration ELSE
               d.duration || jsonb_build_object(took, coalesce((d.duration ->> took)::bigint, 0) + 1) END,
           duration_sum = d.duration_sum + excluded.duration_sum,
           duration_max = greatest(d.duration_max, excluded.duration_max),
           lateness = CASE WHEN late IS NULL THEN d.lateness ELSE
               d.lateness || jsonb_build_object(late, coalesce((d.lateness ->> late)::bigint, 0) + 1) END,
           lateness_sum = d.lateness_sum + excluded.lateness_sum,
           lateness_max = greatest(d.lateness_max, excluded.lateness_max),
           cpu = d.cpu + excluded.cpu, peak_memory = greatest(d.peak_memory, excluded.peak_memory);
    RETURN NULL;
END
$$
"""

# A run ends once: a status that has ended is never left, and `finished_at` is set with it.
TRIGGERS = """
CREATE CONSTRAINT TRIGGER nightshift_count_end AFTER UPDATE OF finished_at ON nightshift_run
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (OLD.finished_at IS NULL AND NEW.finished_at IS NOT NULL) EXECUTE FUNCTION nightshift_count_end();
CREATE CONSTRAINT TRIGGER nightshift_count_ended AFTER INSERT ON nightshift_run
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW
    WHEN (NEW.finished_at IS NOT NULL) EXECUTE FUNCTION nightshift_count_end()
"""

# The same rows for a range of days (`until` is the first day after it), from the runs that the ledger still holds.
RECOUNTED = """
CREATE FUNCTION nightshift_recounted(since date, until date) RETURNS SETOF nightshift_jobday LANGUAGE sql STABLE AS $$
    WITH ended AS MATERIALIZED (
        SELECT r.job, r.trigger, r.status, f.*, nightshift_bucket(f.duration) AS took,
               nightshift_bucket(f.lateness) AS late
          FROM nightshift_run r, LATERAL nightshift_facts(r) AS f
         WHERE r.finished_at >= since::timestamp AT TIME ZONE 'UTC'
           AND r.finished_at < until::timestamp AT TIME ZONE 'UTC'
    ), durations AS (
        SELECT job, day, trigger, jsonb_object_agg(took, n) AS counts
          FROM (SELECT job, day, trigger, took, count(*) AS n FROM ended WHERE took IS NOT NULL GROUP BY 1, 2, 3, 4) AS t
         GROUP BY 1, 2, 3
    ), delays AS (
        SELECT job, day, trigger, jsonb_object_agg(late, n) AS counts
          FROM (SELECT job, day, trigger, late, count(*) AS n FROM ended WHERE late IS NOT NULL GROUP BY 1, 2, 3, 4) AS t
         GROUP BY 1, 2, 3
    ), totals AS (
        SELECT job, day, trigger, count(*) FILTER (WHERE status = 'succeeded')::int AS succeeded,
               count(*) FILTER (WHERE status = 'failed')::int AS failed,
               count(*) FILTER (WHERE status = 'timed_out')::int AS timed_out,
               count(*) FILTER (WHERE status = 'cancelled')::int AS cancelled,
               count(*) FILTER (WHERE status = 'lost')::int AS lost,
               count(*) FILTER (WHERE status = 'skipped')::int AS skipped,
               count(*) FILTER (WHERE status = 'missed')::int AS missed,
               sum(retries)::int AS retries, coalesce(sum(duration), interval '0') AS duration_sum,
               max(duration) AS duration_max, coalesce(sum(lateness), interval '0') AS lateness_sum,
               max(lateness) AS lateness_max, coalesce(sum(cpu), interval '0') AS cpu, max(peak_memory) AS peak_memory
          FROM ended GROUP BY 1, 2, 3
    )
    SELECT job, day, trigger, succeeded, failed, timed_out, cancelled, lost, skipped, missed, retries, '{}'::jsonb,
           coalesce(durations.counts, '{}'), duration_sum, duration_max,
           coalesce(delays.counts, '{}'), lateness_sum, lateness_max, cpu, peak_memory
      FROM totals LEFT JOIN durations USING (job, day, trigger) LEFT JOIN delays USING (job, day, trigger)
$$
"""


def made(sql: str, undone: str) -> migrations.RunSQL:
    return migrations.RunSQL([sql], [undone])


class Migration(OurMigration):
    dependencies = [("nightshift", "0002_foreign_keys")]
    operations = [
        migrations.CreateModel(
            name="JobDay",
            fields=[
                (
                    "pk",
                    models.CompositePrimaryKey(
                        "job", "day", "trigger", blank=True, editable=False, primary_key=True, serialize=False
                    ),
                ),
                ("job", models.CharField(max_length=127)),
                (
                    "day",
                    models.DateField(
                        help_text="In UTC: of a run the day of its end, of an occurrence without a run its own."
                    ),
                ),
                (
                    "trigger",
                    models.CharField(
                        choices=[
                            ("schedule", "Schedule"),
                            ("catch_up", "Catch Up"),
                            ("manual", "Manual"),
                            ("api", "API"),
                            ("chain", "Chain"),
                        ],
                        max_length=10,
                    ),
                ),
                ("succeeded", models.PositiveIntegerField(db_default=0, default=0)),
                ("failed", models.PositiveIntegerField(db_default=0, default=0)),
                ("timed_out", models.PositiveIntegerField(db_default=0, default=0)),
                ("cancelled", models.PositiveIntegerField(db_default=0, default=0)),
                ("lost", models.PositiveIntegerField(db_default=0, default=0)),
                ("skipped", models.PositiveIntegerField(db_default=0, default=0)),
                ("missed", models.PositiveIntegerField(db_default=0, default=0)),
                (
                    "retries",
                    models.PositiveIntegerField(db_default=0, default=0, help_text="Attempts after a run's first."),
                ),
                (
                    "gaps",
                    models.JSONField(
                        db_default={}, default=dict, help_text="By reason, how many occurrences got no run."
                    ),
                ),
                (
                    "duration",
                    models.JSONField(
                        db_default={},
                        default=dict,
                        help_text="How long the last attempts of runs that succeeded took. By bucket, how many.",
                    ),
                ),
                ("duration_sum", models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0))),
                ("duration_max", models.DurationField(null=True)),
                (
                    "lateness",
                    models.JSONField(
                        db_default={},
                        default=dict,
                        help_text="How long after their occurrences runs first started. By bucket, how many.",
                    ),
                ),
                ("lateness_sum", models.DurationField(db_default=datetime.timedelta(0), default=datetime.timedelta(0))),
                ("lateness_max", models.DurationField(null=True)),
                (
                    "cpu",
                    models.DurationField(
                        db_default=datetime.timedelta(0), default=datetime.timedelta(0), help_text="Of all attempts."
                    ),
                ),
                ("peak_memory", models.BigIntegerField(help_text="The largest of all attempts, in bytes.", null=True)),
            ],
            options={
                "indexes": [models.Index(fields=["day"], name="job_days")],
            },
        ),
        made(BUCKET, "DROP FUNCTION nightshift_bucket"),
        made(ADDED, "DROP FUNCTION nightshift_added"),
        made(FACTS, "DROP FUNCTION nightshift_facts"),
        made(COUNT_END, "DROP FUNCTION nightshift_count_end"),
        made(
            TRIGGERS,
            "DROP TRIGGER nightshift_count_end ON nightshift_run; DROP TRIGGER nightshift_count_ended ON nightshift_run",
        ),
        made(RECOUNTED, "DROP FUNCTION nightshift_recounted"),
        # A day's row is changed by each end: with room on its page the change needs no new index entry.
        migrations.RunSQL("ALTER TABLE nightshift_jobday SET (fillfactor = 50)", migrations.RunSQL.noop),
    ]
