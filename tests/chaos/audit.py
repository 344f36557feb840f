"""Tables and triggers in the database that keep each change, in the transaction that makes it; and what they kept."""

from collections import Counter
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from tests.chaos.history import ENDED, Attempt, Change, DayCount, Gap, History, Run, Stretch

INSTALL = """
CREATE SCHEMA chaos;
CREATE TABLE chaos.change (
    id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), run bigint, job text, scheduled_for timestamptz,
    attempt int, before text, after text
);
CREATE FUNCTION chaos.keep_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        INSERT INTO chaos.change (run, job, scheduled_for, attempt, before, after)
        VALUES (OLD.id, OLD.job, OLD.scheduled_for, OLD.attempt, OLD.status, 'deleted');
    ELSE
        INSERT INTO chaos.change (run, job, scheduled_for, attempt, before, after)
        VALUES (NEW.id, NEW.job, NEW.scheduled_for, NEW.attempt,
                CASE TG_OP WHEN 'UPDATE' THEN OLD.status ELSE '' END, NEW.status);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_insert AFTER INSERT OR DELETE ON {run} FOR EACH ROW EXECUTE FUNCTION chaos.keep_change();
CREATE TRIGGER chaos_update AFTER UPDATE ON {run} FOR EACH ROW WHEN (OLD.status <> NEW.status)
EXECUTE FUNCTION chaos.keep_change();

CREATE TABLE chaos.stretch (
    id bigserial PRIMARY KEY, at timestamptz DEFAULT clock_timestamp(), job text, fingerprint text,
    ledger_from timestamptz, ledger_through timestamptz, through_before timestamptz
);
CREATE FUNCTION chaos.keep_stretch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO chaos.stretch (job, fingerprint, ledger_from, ledger_through, through_before)
    VALUES (NEW.job, NEW.fingerprint, NEW.ledger_from, NEW.ledger_through,
            CASE TG_OP WHEN 'UPDATE' THEN OLD.ledger_through END);
    RETURN NULL;
END $$;
CREATE TRIGGER chaos_insert AFTER INSERT ON {state} FOR EACH ROW EXECUTE FUNCTION chaos.keep_stretch();
CREATE TRIGGER chaos_update AFTER UPDATE ON {state} FOR EACH ROW
WHEN ((OLD.fingerprint, OLD.ledger_from) IS DISTINCT FROM (NEW.fingerprint, NEW.ledger_from))
EXECUTE FUNCTION chaos.keep_stretch();
"""


def install(connection: psycopg.Connection) -> None:
    connection.execute(INSTALL.format(run="nightshift_run", state="nightshift_jobstate"))


def read(connection: psycopg.Connection) -> History:
    """All that the database knows, as of one moment."""
    history = History()
    with connection.transaction():
        connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")

        def rows(statement: str) -> list[dict[str, Any]]:
            with connection.cursor(row_factory=dict_row) as cursor:
                return cursor.execute(statement).fetchall()

        history.now = _value(connection, "SELECT clock_timestamp()")
        history.through = {
            row["job"]: row["ledger_through"] for row in rows("SELECT job, ledger_through FROM nightshift_jobstate")
        }
        for row in rows("SELECT kind, job, count(*) FROM nightshift_event GROUP BY 1, 2"):
            history.events[row["kind"], row["job"]] = row["count"]
        history.runs = [
            Run(**row)
            for row in rows(
                "SELECT id, job, trigger, scheduled_for, status, attempt, created_at, not_before, finished_at, error,"
                " reason, requested_by, chained_from_id AS chained_from FROM nightshift_run ORDER BY id"
            )
        ]
        history.attempts = [
            Attempt(**row)
            for row in rows(
                "SELECT run_id AS run, number, status, started_at, finished_at, instance FROM nightshift_attempt"
            )
        ]
        history.gaps = [
            Gap(**row)
            for row in rows(
                "SELECT id, job, fingerprint, first, last, count, fate, reason FROM nightshift_gap ORDER BY id"
            )
        ]
        history.days = Counter()
        for row in rows("SELECT * FROM nightshift_jobday"):
            what = {status: row[status] for status in ENDED} | row["gaps"]
            history.days += Counter(
                {DayCount(row["job"], row["day"], row["trigger"], each): number for each, number in what.items()}
            )
        history.changes = [
            Change(**row) for row in rows("SELECT run, job, at, attempt, before, after FROM chaos.change ORDER BY id")
        ]
        history.stretches = [
            Stretch(**row)
            for row in rows(
                "SELECT job, at, fingerprint, ledger_from, ledger_through, through_before"
                " FROM chaos.stretch ORDER BY id"
            )
        ]
    return history


def _value(connection: psycopg.Connection, statement: str) -> datetime:
    found = connection.execute(statement).fetchone()
    assert found
    return found[0]
