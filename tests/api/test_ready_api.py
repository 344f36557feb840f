"""/api/ready: whether runs can start."""

from datetime import timedelta

import pytest
from django.db import OperationalError

from jobs.execution import tick
from jobs.execution.isolation.client import server
from jobs.execution.isolation.process import ForkServerFailed
from jobs.ledger import doorbell, instance, migration_gate, sql

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def all_is_well(monkeypatch, declared):
    monkeypatch.setattr(server, "start", lambda: None)
    tick.tick()


def test_it_is_ready(client):
    answer = client.get("/api/ready")
    told = {"status": "ready", "release": "", "problems": {}, "warnings": {}}
    assert (answer.status_code, answer.json()) == (200, told)


def test_it_says_which_release_answers(client, monkeypatch):
    monkeypatch.setenv("JOBS_RELEASE", "4f0c2d9a1b7e")
    instance._of.cache_clear()
    try:
        assert client.get("/api/ready").json()["release"] == "4f0c2d9a1b7e"
    finally:
        instance._of.cache_clear()


@pytest.mark.parametrize(
    ("ahead", "here"), [(10, "10 s behind the database's"), (-240, "4 min ahead of the database's")]
)
def test_clocks_that_differ_are_a_warning(client, database_clock, ahead, here):
    database_clock.set(ahead=timedelta(seconds=ahead))
    answer = client.get("/api/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "ready")
    assert answer.json()["warnings"]["clocks"].startswith(f"This host's clock is {here}")


def problems(client):
    answer = client.get("/api/ready")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    return answer.json()["problems"]


def test_an_error_that_only_an_app_setting_causes(client, declared, monkeypatch):
    monkeypatch.setenv("JOBS_SCHEDULE__WEEKLY", "0 0 0 30 2 *")
    declared("weekly", command="succeeds", schedule="0 0 3 * * SUN")
    told = problems(client)["declarations"]
    assert told.startswith("jobs.E016: The schedule of job 'weekly': ")


def test_no_tick_for_a_while(client):
    sql.execute("UPDATE nightshift_lasttick SET at = clock_timestamp() - interval '14 min'")
    assert problems(client) == {
        "tick": "The last tick ended 14 min ago, and one comes each minute. Look at the function `tick` in the portal: "
        "is it disabled, does it fail, is the app stopped?"
    }


def test_no_tick_yet(client):
    sql.execute("DELETE FROM nightshift_lasttick")
    assert problems(client) == {
        "tick": "No tick has ended yet. Wait a minute; then check whether the function `tick` is disabled."
    }


def test_a_silence_of_three_minutes_is_none(client):
    sql.execute("UPDATE nightshift_lasttick SET at = clock_timestamp() - %s", [timedelta(minutes=2, seconds=50)])
    assert client.get("/api/ready").status_code == 200


def test_no_fork_server(client, monkeypatch):
    def fail():
        raise ForkServerFailed("SECRET_KEY is wrong")

    monkeypatch.setattr(server, "start", fail)
    assert problems(client) == {
        "fork_server": "The fork server can't load the project, so no run can start. The app's log says why."
    }


def test_no_queue(client, monkeypatch):
    monkeypatch.setattr(doorbell.LocalDoorbell, "problem", lambda self: "It is at 10.0.0.1.")
    assert problems(client) == {"queue": "The queue can't be reached, so runs wait for it. The app's log says why."}


def test_no_database(client, monkeypatch):
    def away():
        raise OperationalError("connection to server at 10.0.0.1 failed")

    monkeypatch.setattr(sql, "value", lambda _: away())
    assert problems(client) == {
        "database": "The database can't be reached. The app's log has the error.",
        "migrations": "Not checked: no database.",
        "tick": "Not checked: no database.",
    }


def test_migrations_are_pending(client, monkeypatch):
    monkeypatch.setattr(migration_gate, "pending", lambda: ["nightshift.0002_last_tick", "nightshift.0003_more"])
    assert problems(client) == {
        "migrations": "nightshift.0002_last_tick and 1 more migrations are not applied to the database: nothing runs "
        "until `manage.py migrate` has been run.",
        "tick": "Not checked: migrations are pending.",
    }


@pytest.mark.django_db(transaction=True)
def test_a_role_without_rights(client, role_without_rights, caplog):
    assert problems(client) == {
        "migrations": "The database refused to answer. The app's log has its error.",
        "tick": "The database refused to answer. The app's log has its error.",
    }
    assert "not ready: permission denied for table django_migrations" in caplog.messages


def test_the_log_gets_no_secret(client, monkeypatch, caplog):
    def fail():
        raise ForkServerFailed("The fork server can't load the project: KeyError: 'correct horse'")

    monkeypatch.setenv("SECRET_KEY", "correct horse")
    monkeypatch.setattr(server, "start", fail)
    problems(client)
    assert "not ready: The fork server can't load the project: KeyError: '********'" in caplog.messages
