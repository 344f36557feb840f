"""Bounds of the product's own sessions: for as long as a block lasts, for a transaction, and for no command."""

import threading
from datetime import timedelta

import psycopg
import pytest
from django.db import OperationalError, close_old_connections, connection

from jobs.choices import Status
from jobs.ledger import sessions, sql, timing, triggers
from jobs.models import Run
from tests.helpers.rows import a_queued_run

BOUNDS = ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
OURS = ["3s", "30s", "1min"]
pytestmark = pytest.mark.django_db(transaction=True)


def bounds():
    return [sql.value(f"SHOW {name}") for name in BOUNDS]


def test_a_session_is_bounded_in_a_block_and_as_before_after_it():
    sql.execute("SET lock_timeout = '7min'")
    before = bounds()
    with sessions.ours(), sessions.ours():
        assert bounds() == OURS
    assert bounds() == before == ["7min", "0", "0"]
    connection.close()


def test_a_connection_that_is_opened_in_a_block_is_bounded_too():
    with sessions.ours():
        connection.close()
        assert bounds() == OURS
        connection.close()
    assert bounds() == ["0", "0", "0"]


def test_a_connection_that_died_meanwhile_is_replaced_by_one_that_is_bounded(database_url):
    backend = sql.value("SELECT pg_backend_pid()")
    with psycopg.connect(database_url, autocommit=True) as other:
        other.execute("SELECT pg_terminate_backend(%s, 5000)", [backend])
    close_old_connections()
    with sessions.ours():
        assert bounds() == OURS
        assert sql.value("SELECT pg_backend_pid()") != backend
    assert bounds() == ["0", "0", "0"]


def test_another_threads_connection_is_not():
    found = []

    def look():
        found.append(bounds())
        connection.close()

    with sessions.ours():
        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
    assert found == [["0", "0", "0"]]


def test_a_ledger_transaction_bounds_itself():
    with sessions.ledger_transaction():
        assert bounds() == OURS
    assert bounds() == ["0", "0", "0"]


def test_a_command_has_the_bounds_of_its_project(worker, declared):
    declared("shows", "--session", "lock_timeout", command="surroundings")
    run = triggers.request("shows", requested_by="a test", ring=False)
    with sessions.ours():
        assert worker.execute(run.pk) is Status.SUCCEEDED
    assert Run.objects.get().result == "0"


def test_a_locked_row_is_waited_for_briefly_and_isnt_taken_for_an_outage(locked, monkeypatch):
    monkeypatch.setattr(timing, "LOCK_WAIT", timedelta(seconds=0.1))
    run = a_queued_run().pk
    with locked("SELECT FROM nightshift_run WHERE id = %s FOR UPDATE", run), pytest.raises(sql.Busy) as caught:
        with sessions.ours():
            sql.execute("UPDATE nightshift_run SET reason = '' WHERE id = %s", [run])
    assert not isinstance(caught.value, sql.AWAY)
    assert str(caught.value) == (
        "The database is there, but another session holds a lock that this statement needs: nothing was changed. "
        "Try again; pg_stat_activity shows what is in the way."
    )


def test_a_connection_that_doesnt_answer_is_thrown_away(monkeypatch):
    monkeypatch.setattr(timing, "ANSWER", timedelta(seconds=0.3))
    with sessions.ours():
        sql.execute("SET statement_timeout = 0")
        with pytest.raises(OperationalError, match=r"didn't answer for 0\.3 s: the connection is given up"):
            sql.execute("SELECT pg_sleep(60)")
        connection.close()
        assert bounds() == OURS
