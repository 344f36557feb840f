"""The ledger's tables are made over a populated database, taken away, and made again."""

import pytest
from django.contrib.auth.models import User
from django.core.management import call_command
from django.db import connection

from jobs.models import Event, Gap, JobState, Output, Run
from tests.helpers.rows import NOON, a_pause, a_run, an_attempt


def tables():
    return {name for name in connection.introspection.table_names() if name.startswith("nightshift_")}


ALL = {
    *("nightshift_attempt", "nightshift_event", "nightshift_gap", "nightshift_intervention"),
    *("nightshift_entraaccount", "nightshift_failures", "nightshift_idempotencykey"),
    *("nightshift_repair", "nightshift_note", "nightshift_selection"),
    *("nightshift_grant", "nightshift_serviceaccount", "nightshift_token"),
    *("nightshift_incident", "nightshift_notice", "nightshift_preset"),
    *("nightshift_delivery", "nightshift_deliveryattempt", "nightshift_channeloff", "nightshift_runwatch"),
    *(
        "nightshift_jobday",
        "nightshift_jobstate",
        "nightshift_lasttick",
        "nightshift_output",
        "nightshift_release",
        "nightshift_run",
    ),
}


def populate():
    run = a_run()
    an_attempt(run, written=[b"hello"])
    gap = Gap.objects.create(
        job="nightly", first=NOON, last=NOON, count=1, fate="missed", reason="too_late", blocked_by=run
    )
    JobState.objects.create(job="nightly", last_gap=gap)
    a_pause()
    Event.objects.create(job="nightly", run=run, kind="paused", message="hello")


@pytest.mark.django_db(transaction=True)
def test_the_migrations_go_to_zero_over_a_full_ledger_and_come_back():
    populate()
    User.objects.create(username="ada")
    try:
        call_command("migrate", "nightshift", "zero", verbosity=0)
        assert tables() == set()
    finally:
        call_command("migrate", "nightshift", verbosity=0)
    assert tables() == ALL
    assert User.objects.get().username == "ada", "others' tables are left alone"
    populate()
    assert Output.objects.count() == 1


@pytest.mark.django_db
def test_the_models_have_their_migrations():
    call_command("makemigrations", "nightshift", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_a_run_takes_what_belongs_to_it_along_and_leaves_what_was_done():
    populate()
    Run.objects.all().delete()
    assert not Output.objects.exists()
    assert Event.objects.get().run is None
    assert Gap.objects.get().blocked_by is None


@pytest.mark.django_db
def test_a_gap_may_go_while_it_is_the_latest():
    populate()
    Gap.objects.all().delete()
    assert JobState.objects.get().last_gap is None


# What says what a row is: an INSERT that can't name these has nothing to record.
NAMED_BY_EVERY_INSERT = {
    "nightshift_attempt": {"run_id", "number"},
    "nightshift_event": {"kind", "message"},
    "nightshift_gap": {"job", "first", "last", "count", "fate", "reason"},
    "nightshift_intervention": {"job", "kind"},
    "nightshift_incident": {"cause"},
    "nightshift_delivery": {"incident_id", "kind", "channel"},
    "nightshift_deliveryattempt": {"delivery_id", "number"},
    "nightshift_channeloff": {"name"},
    "nightshift_jobday": {"job", "day", "trigger"},
    "nightshift_jobstate": {"job"},
    "nightshift_output": {"attempt_id", "number", "at", "body"},
    "nightshift_note": {"text"},
    "nightshift_notice": {"incident_id", "kind"},
    "nightshift_preset": {"job", "name", "words"},
    "nightshift_selection": {"of", "members", "count", "token_hash", "expires_at"},
    "nightshift_repair": {"job", "first", "last", "count", "fate", "reason", "gap_number"},
    "nightshift_release": {"key", "declarations", "deployed_at", "last_seen_at"},
    "nightshift_run": {"job", "trigger"},
    "nightshift_runwatch": {"run_id", "user_id", "email"},
    "nightshift_entraaccount": ["identity", "user_id"],
    "nightshift_failures": ["key", "until"],
    "nightshift_grant": ["verbs", "selector"],
    "nightshift_idempotencykey": ["owner", "key", "request", "run_id"],
    "nightshift_serviceaccount": ["name"],
    "nightshift_token": ["name", "hash", "hint", "scopes", "expires_at"],
}


@pytest.mark.django_db
def test_every_other_column_that_takes_no_null_has_a_default_in_the_database():
    """So that the INSERT of a former release, which doesn't know a new column, still works."""
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT table_name, column_name FROM information_schema.columns
             WHERE table_name = ANY(%s) AND is_nullable = 'NO' AND column_default IS NULL AND is_identity = 'NO'
            """,
            [sorted(ALL)],
        )
        found = set(cursor.fetchall())
    assert found == {(table, column) for table, columns in NAMED_BY_EVERY_INSERT.items() for column in columns}


@pytest.mark.django_db
def test_each_foreign_key_is_found_by_an_index_when_what_it_refers_to_goes():
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT conname FROM pg_constraint c
             WHERE contype = 'f' AND conrelid::regclass::text LIKE 'nightshift\\_%'
               AND NOT EXISTS (SELECT FROM pg_index i WHERE i.indrelid = c.conrelid AND i.indkey[0] = c.conkey[1])
            """
        )
        assert cursor.fetchall() == []
        cursor.execute("SELECT count(*) FROM pg_constraint WHERE contype = 'f' AND conname LIKE 'nightshift\\_%'")
        assert cursor.fetchone()[0] >= 7
