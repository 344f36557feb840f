"""The audit's index; and of an event that is counted, only what counting changes may change."""

from django.db import migrations, models

from jobs.ledger.migration import Migration as OurMigration

FORMER = """
CREATE OR REPLACE FUNCTION nightshift_keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF current_setting('nightshift.pruning', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND (OLD.key <> '' OR (NEW.run_id IS NULL AND to_jsonb(NEW) - 'run_id' = to_jsonb(OLD) - 'run_id'))
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Events are never changed or deleted, except by manage.py prune_runs.'
        USING ERRCODE = 'restrict_violation';
END
$$
"""
# An event outlives its run: only the link goes. One with a key is counted in place, and gets further addresses.
GUARD = """
CREATE OR REPLACE FUNCTION nightshift_keep_event() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    counted CONSTANT text[] := ARRAY['count', 'message', 'address'];
BEGIN
    IF current_setting('nightshift.pruning', true) = 'on' THEN
        RETURN coalesce(NEW, OLD);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.run_id IS NULL AND to_jsonb(NEW) - 'run_id' = to_jsonb(OLD) - 'run_id' THEN
        RETURN NEW;
    END IF;
    IF TG_OP = 'UPDATE' AND OLD.key <> '' AND NEW.count > OLD.count AND starts_with(NEW.address, OLD.address)
       AND to_jsonb(NEW) - counted = to_jsonb(OLD) - counted
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION 'Events are never changed or deleted, except by manage.py prune_runs.'
        USING ERRCODE = 'restrict_violation';
END
$$
"""


class Migration(OurMigration):
    dependencies = [
        ("nightshift", "0011_job_name"),
    ]

    operations = [
        migrations.AddIndex(
            model_name="event",
            index=models.Index(
                condition=models.Q(("door", ""), _negated=True), fields=["-id"], name="events_by_a_door"
            ),
        ),
        migrations.RunSQL([GUARD], [FORMER]),
    ]
