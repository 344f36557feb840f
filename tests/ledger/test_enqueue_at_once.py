"""A start that nothing is in the way of: one statement, which leaves what the rules under the lock would leave."""

import threading
from contextlib import nullcontext
from datetime import timedelta

import psycopg
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from jobs.choices import Status
from jobs.declarations.registry import registry
from jobs.ledger import doorbell, enqueue_at_once, idempotency, sessions, sql, states, timing, triggers
from jobs.ledger.busy import Busy
from jobs.ledger.idempotency import AlreadyStarted, Key, StillAtWork, UsedForAnother
from jobs.models import Event, IdempotencyKey, Intervention, Run
from tests.helpers.rows import a_run

pytestmark = pytest.mark.django_db(transaction=True)
KEY = Key.of("ada", "k-1", {"days": 7})
LATER = timedelta(hours=1)


@pytest.fixture
def seen(declared):
    """Declare a job that a tick has seen."""

    def declare(**rules):
        declared("nightly", "--word", "bread", command="succeeds", **rules)
        states.ensure(["nightly"])

    return declare


@pytest.fixture
def nightly(seen):
    seen(overlap="queue")


def ask(**terms):
    return triggers.request("nightly", **{"requested_by": "ada", **terms})


def is_queued_at_once(**terms):
    known = {"job": registry["nightly"], "arguments": None, "trigger": "manual", "requested_by": "ada", **terms}
    run = enqueue_at_once.enqueue_at_once(enqueue_at_once.Start(**known))
    assert Run.objects.filter(requested_by="ada").exists() == Event.objects.exists() == (run is not None)
    return run is not None


@pytest.mark.parametrize("session", [sessions.ours, nullcontext])
def test_it_takes_one_statement_that_commits_itself(nightly, session):
    with session(), CaptureQueriesContext(connection) as asked:
        ask(key=KEY)
    assert len(asked) == 1, asked.captured_queries


def test_it_waits_no_longer_than_its_bounds_say(nightly, locked, monkeypatch):
    monkeypatch.setattr(timing, "LOCK_WAIT", timedelta(milliseconds=200))
    before = a_run(job="other").pk
    with locked("SELECT FROM nightshift_run WHERE id = %s FOR UPDATE", before), pytest.raises(Busy):
        ask(retry_of=before)
    assert Run.objects.get().pk == before


def test_a_statement_that_a_pooler_has_lost_is_asked_again(nightly, monkeypatch):
    monkeypatch.setattr(sql, "preparing", sql.Preparing())
    for _ in range(2):
        ask(yields=True)
    connection.cursor().execute("DEALLOCATE ALL")
    ask(yields=True)
    assert (Run.objects.count(), sql.preparing.is_on) == (3, False)


def left(**terms):
    """What a start leaves: its run, its event and its key, without what differs from one start to the next."""
    run = ask(**terms)
    row, event, keys = Run.objects.values().get(pk=run.pk), Event.objects.values().get(), IdempotencyKey.objects
    assert row == {name: getattr(run, name) for name in row}
    assert abs(row["not_before"] - (row["requested_for"] or row["created_at"])) < timedelta(seconds=1)
    assert (event.pop("run_id"), list(keys.values_list("run_id", flat=True))) == (
        run.pk,
        [run.pk] if "key" in terms else [],
    )
    assert str(run.pk) in event["message"]
    found = row, event, list(keys.values("owner", "key", "request"))
    for each in ("id", "at", "created_at", "not_before", "message"):
        row.pop(each, None)
        event.pop(each, None)
    sql.execute("TRUNCATE nightshift_event, nightshift_idempotencykey")
    run.delete()
    return found


@pytest.mark.parametrize(
    "terms",
    [
        {},
        {"arguments": ["--word", "säl't %s"], "labels": ["ticket/4711", "a"]},
        {"not_before": LATER, "despite_hold": True, "key": KEY},
        {"retry_of": 0, "yields": True, "trigger": "api"},
    ],
)
def test_it_leaves_what_the_long_way_leaves(nightly, monkeypatch, terms):
    if "not_before" in terms:
        terms = terms | {"not_before": states.clock() + LATER}
    if "retry_of" in terms:
        terms = terms | {"retry_of": a_run(job="other").pk}
    at_once = left(**terms)
    monkeypatch.setattr(triggers, "enqueue_at_once", lambda *_: None)
    assert left(**terms) == at_once


@pytest.mark.parametrize("overlap", ["skip", "queue", "replace"])
def test_another_run_of_the_job_is_left_to_the_policy(seen, overlap):
    seen(overlap=overlap)
    other = a_run(status=Status.QUEUED)
    assert not is_queued_at_once()
    other.delete()
    a_run(job="other", status=Status.RUNNING)
    assert is_queued_at_once()


def test_it_looks_at_no_other_run_where_none_is_in_the_way(seen):
    seen(overlap="allow")
    a_run(status=Status.RUNNING)
    assert is_queued_at_once()


@pytest.mark.parametrize("term", ["yields", "not_before"])
def test_nor_for_a_run_that_waits_for_its_turn(nightly, term):
    a_run(status=Status.RUNNING)
    assert is_queued_at_once(**{term: True if term == "yields" else states.clock() + LATER})


def test_an_override_is_left_to_the_rules_unless_arguments_are_given(nightly):
    Intervention.objects.create(job="nightly", kind="override", by="ben", arguments=["--word", "salt"])
    assert not is_queued_at_once()
    assert is_queued_at_once(arguments=[])


def test_a_job_that_nobody_has_seen_yet_is_left_to_the_rules(declared):
    declared("nightly", command="succeeds")
    assert not is_queued_at_once()


def test_it_waits_for_nobody_who_holds_the_lock(nightly, locked):
    with locked("SELECT FROM nightshift_jobstate WHERE job = 'nightly' FOR UPDATE"):
        assert not is_queued_at_once()
    assert is_queued_at_once()


def test_what_was_committed_after_its_first_look_is_not_overlooked(nightly, monkeypatch, database_url):
    """The statement has taken its snapshot and comes to the lock only when another run has been queued."""
    slow = "FROM (SELECT pg_advisory_xact_lock_shared(4711)) AS waited, nightshift_jobstate s"
    statement = enqueue_at_once.STATEMENT.replace("FROM nightshift_jobstate s", slow, 1)
    monkeypatch.setattr(enqueue_at_once, "STATEMENT", statement)
    found = []

    def start():
        found.append(is_queued_at_once())
        connection.close()

    thread = threading.Thread(target=start)
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(4711)")
        thread.start()
        waits = "SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)"
        while not other.execute(waits).fetchone()[0]:
            pass
        with other.transaction():
            other.execute("UPDATE nightshift_jobstate SET job = job WHERE job = 'nightly'")
            other.execute("INSERT INTO nightshift_run (job, trigger) VALUES ('nightly', 'schedule')")
        other.execute("SELECT pg_advisory_unlock(4711)")
        thread.join()
    assert found == [False]


def test_a_key_is_used_once(nightly):
    run = ask(key=KEY)
    with pytest.raises(AlreadyStarted) as found:
        ask(key=KEY)
    assert found.value.run_id == run.pk
    with pytest.raises(UsedForAnother):
        ask(key=Key.of("ada", "k-1", {"days": 8}))
    assert Run.objects.count() == 1


def test_a_key_that_is_at_work_elsewhere_starts_nothing(nightly, locked):
    with locked(f"SELECT {idempotency.LOCK}".replace("%(lock)s", "'jobs.idempotency/ada/k-1'")):
        with pytest.raises(StillAtWork):
            ask(key=KEY)
    assert not Run.objects.exists()


def test_its_commit_rings(nightly, database_url):
    with psycopg.connect(database_url, autocommit=True) as listener:
        listener.execute(f"LISTEN {doorbell.CHANNEL}")
        now = ask(yields=True)
        later = ask(not_before=states.clock() + LATER)
        ask(yields=True, ring=False)
        heard = [notice.payload.split() for notice in listener.notifies(timeout=1)]
    assert [run for run, _ in heard] == [str(now.pk), str(later.pk)]
    assert float(heard[0][1]) == 0
    assert 3500 < float(heard[1][1]) <= 3600


def test_another_doorbell_is_rung_after_the_commit(nightly, rings):
    run = ask()
    assert rings == [(run.pk, timedelta(0))]
