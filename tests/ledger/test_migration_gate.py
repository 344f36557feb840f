"""While migrations are pending no work is taken on, and each refusal says so."""

import logging
from pathlib import Path

import pytest
from django.core.management import call_command
from django.db import OperationalError

from jobs import migrations
from jobs.ledger import migration_gate

BEFORE, LATEST = sorted(file.stem for file in Path(migrations.__file__).parent.glob("0*.py"))[-2:]
SENTENCE = f"nightshift.{LATEST} is not applied to the database: nothing runs until `manage.py migrate` has been run."


@pytest.fixture
def behind(transactional_db):
    """A database that lacks our latest migration, and a process that hasn't looked yet."""
    migration_gate.gate.is_open = False
    call_command("migrate", "nightshift", BEFORE, verbosity=0)
    yield
    call_command("migrate", "nightshift", verbosity=0)


def test_what_is_pending_is_named_until_it_is_applied(behind, django_assert_num_queries):
    assert migration_gate.pending() == [f"nightshift.{LATEST}"]
    call_command("migrate", "nightshift", verbosity=0)
    assert migration_gate.pending() == []
    with django_assert_num_queries(0):
        assert migration_gate.pending() == []


def test_a_page_is_refused_with_the_sentence(behind, client):
    answer = client.get("/manage/login/")
    assert (answer.status_code, answer.content.decode()) == (503, f"{SENTENCE}\n")
    assert answer["Retry-After"] == "30"
    assert client.get("/api/health").status_code == 200
    assert client.get("/api/ready").json()["problems"]["migrations"] == SENTENCE


def test_without_a_database_a_page_says_so(client, monkeypatch):
    def away():
        raise OperationalError

    monkeypatch.setattr(migration_gate, "pending", away)
    answer = client.get("/manage/login/")
    assert (answer.status_code, answer.content) == (503, b"The database can't be reached.\n")


def test_a_role_without_rights_is_refused_and_the_log_has_the_error(role_without_rights, client, caplog):
    answer = client.get("/manage/login/")
    assert (answer.status_code, answer.content.decode()) == (
        503,
        "The database doesn't say which migrations it has. The app's log has its error.\n",
    )
    assert "refused a request: permission denied for table django_migrations" in caplog.messages


def test_each_function_refuses_and_the_log_says_so(behind, caplog):
    with caplog.at_level(logging.ERROR, "jobs"):
        assert not migration_gate.allows("the tick")
    assert caplog.messages == [f"refused the tick: {SENTENCE}"]
