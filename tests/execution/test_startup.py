"""A worker starts in a dead one's place: what that one was running is lost at once, and who waited is rung for."""

import logging
import os
from datetime import timedelta

import pytest
from django.db import OperationalError

from jobs.choices import Status
from jobs.execution import startup
from jobs.ledger import instance, states
from tests.helpers.rows import a_run, an_attempt

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture
def dead():
    """The name of a supervisor that was a process of this machine, with the pid of a living one."""
    namespace, _, started = instance.current().supervisor.split("/")
    return f"{namespace}/{os.getpid()}/{int(started) - 1}"


def a_running_run(supervisor, job="nightly", **fields):
    run = a_run(job, Status.RUNNING, lease_expires_at=states.clock() + HOUR, **fields)
    an_attempt(run, status="running", instance=instance.current().name, supervisor=supervisor)
    return run


def status_after_the_start(run):
    startup.declare_predecessors_lost()
    run.refresh_from_db()
    return run.status


def test_what_a_dead_predecessor_ran_is_lost(dead, rung):
    run = a_running_run(dead)
    assert status_after_the_start(run) == Status.LOST
    assert run.error == "Its supervisor died, and a new one started in its place."
    assert rung == []


def test_it_is_rung_for_where_it_is_tried_again_and_so_is_what_waited_behind_it(dead, rung, declared):
    declared("retried", command="succeeds", retries=1)
    declared("nightly", command="succeeds")
    retried = a_running_run(dead, "retried")
    a_running_run(dead, "nightly")
    now = states.clock()
    waiting = a_run("nightly", Status.QUEUED, scheduled_for=now, not_before=now, exclusive=True)
    startup.declare_predecessors_lost()
    assert rung == [retried.pk, waiting.pk]


@pytest.mark.parametrize("supervisor", ["", "another-boot:4026531836/1/1"])
def test_a_predecessor_that_may_live_is_left_to_its_lease(supervisor, rung):
    assert status_after_the_start(a_running_run(supervisor)) == Status.RUNNING


def test_a_living_process_is_not_dead(rung):
    assert status_after_the_start(a_running_run(instance.current().supervisor)) == Status.RUNNING


def test_it_waits_for_the_database_and_for_migrations_and_says_so_once(monkeypatch, caplog):
    answers = [OperationalError("no route to host"), OperationalError("starting up"), ["nightshift.0001"], []]

    def pending():
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    monkeypatch.setattr("jobs.ledger.migration_gate.pending", pending)
    monkeypatch.setattr(startup, "PAUSE", 0.01)
    monkeypatch.setattr(startup, "declare_predecessors_lost", lambda: answers.append("done"))
    with caplog.at_level(logging.WARNING, "jobs"):
        startup.begin().join(20)
    assert answers == ["done"]
    assert caplog.messages == [
        "a dead predecessor's runs on this instance can't be ended yet, trying each second: "
        "the database is away: no route to host"
    ]


def test_what_goes_wrong_is_logged_and_stops_nothing(monkeypatch, caplog):
    def fail():
        raise LookupError("a bug")

    monkeypatch.setattr("jobs.ledger.migration_gate.pending", fail)
    startup.begin().join(20)
    assert caplog.messages == [
        "a dead predecessor's runs on this instance can't be ended now; they are lost when their leases end"
    ]
