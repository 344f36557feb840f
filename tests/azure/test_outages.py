"""Azurite or the database is down, or answers nothing: nobody waits for long, and no run is lost."""

import logging
import time

import pytest
from django.core.management import call_command

from jobs.azure import queue
from jobs.choices import Status
from jobs.ledger import doorbell, triggers
from jobs.ledger.doorbell import Ring
from jobs.models import Run
from tests.azure.azurite import texts
from tests.azure.conftest import fresh_client
from tests.helpers.processes import until

# A queue that is down


@pytest.fixture
def down(azurite, monkeypatch):
    """A queue that nobody listens at."""
    monkeypatch.setenv("AzureWebJobsStorage", azurite.connection_string.replace(f":{azurite.port}/", ":1/"))
    fresh_client(monkeypatch)


@pytest.mark.django_db(transaction=True)
def test_while_the_queue_is_down_a_run_is_asked_for_and_one_line_says_so(down, declared, caplog):
    declared("succeeds")
    with caplog.at_level(logging.WARNING):
        run = triggers.request("succeeds", requested_by="a test")
    assert run.status == Status.QUEUED
    (line,) = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert line.getMessage().startswith(f"not rung run={run.pk}: the tick rings later. ")
    assert "\n" not in line.getMessage()


def test_while_the_queue_is_down_ten_rings_wait_once(down):
    began = time.monotonic()
    for run in range(10):
        doorbell.ring(run)
    doorbell.ring_all(Ring(run_id=run) for run in range(10, 50))
    assert time.monotonic() - began < 3


@pytest.mark.timeout(60)
def test_a_queue_that_takes_connections_and_answers_nothing_holds_nobody_up_for_long(azurite, monkeypatch):
    monkeypatch.setattr(queue, "READ", 0.5)
    fresh_client(monkeypatch)
    azurite.pause()
    try:
        began = time.monotonic()
        doorbell.ring(1)
        doorbell.ring(2)
        assert time.monotonic() - began < 4
    finally:
        azurite.go_on()


def test_a_queue_that_comes_back_is_rung_again(down, azurite, monkeypatch):
    doorbell.ring(1)
    monkeypatch.setenv("AzureWebJobsStorage", azurite.connection_string)
    queue.client.cache_clear()
    monkeypatch.setattr(queue.outage, "until", time.monotonic())
    doorbell.ring(2)
    assert texts(azurite.queue()) == ["2"]


@pytest.mark.django_db(transaction=True)
def test_the_command_line_answers_while_the_queue_is_down(down, declared, capsys):
    declared("succeeds")
    call_command("run", "--detach", "succeeds")
    run = Run.objects.get()
    assert run.status == Status.QUEUED
    assert capsys.readouterr().out == (
        f"Run {run.pk} of succeeds is queued. `manage.py follow {run.pk}` shows what it writes.\n"
    )


# While the database is away


def test_an_outage_of_the_database_poisons_no_message(azurite, host):
    """Raised, the error would bring the message back at once, five times within a second."""
    queue.client().create_queue()
    process = host(database="postgresql://nobody@127.0.0.1:1/none")
    doorbell.ring(1)
    until(lambda: azurite.queue().get_queue_properties().approximate_message_count == 0, 60)
    process.kill()
    assert not [name for name in azurite.names() if name.endswith("-poison") and texts(azurite.queue(name))]
