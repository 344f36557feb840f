"""The process that delivers, with real servers on loopback: killed at each point, slow servers, and nothing to do."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from datetime import timedelta
from itertools import pairwise

import psycopg
import pytest
from django.conf import settings as project
from django.db import connection

from jobs.alerts.process import Deliverer
from jobs.choices import AttemptStatus
from jobs.execution import tick
from jobs.ledger import attempts, claims, failpoints, incident_acts, notices, states
from jobs.ledger.attempts import Outcome
from jobs.models import ChannelOff, Delivery, Event
from tests.alerts.servers import HttpServer, hangs, says, smtp_server
from tests.alerts.telling import opens, resolves
from tests.helpers.commits import lasting_transactions_of_others
from tests.helpers.processes import is_alive, until
from tests.helpers.rows import HERE, a_queued_run, settled_ticks

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.invariant]
SECRET = "whsec_" + "A" * 43 + "="


def hook(server):
    return {"kind": "webhook", "url": server.url, "secret": SECRET}


@pytest.fixture
def alerts(database_url, monkeypatch):
    """Say what the processes of this test send by."""

    def set_up(**given):
        monkeypatch.setenv("DJANGO_SETTINGS_MODULE", "tests.alerts.settings")
        monkeypatch.setenv("TEST_ALERTS", json.dumps(given))

    return set_up


@pytest.fixture
def deliver():
    """Start a process that delivers, and wait for its end. Gives its exit code."""

    def deliver(fault="", lease=0.3, linger=0.5, wait=True):
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.alerts.process", str(lease), str(linger)],
            cwd=project.BASE_DIR,
            env=os.environ | {"JOBS_FAULT": fault},
        )
        started.append(process)
        return process.wait(60) if wait else process

    started = []
    yield deliver
    for process in started:
        process.kill()
        process.wait()


@pytest.fixture
def deliverer():
    found = Deliverer()
    yield found
    if pid := found.pid:
        os.kill(pid, signal.SIGKILL)
        found._process.wait()
    found.stop()


def ids(server):
    return [asked.headers["webhook-id"] for asked in server.asked]


def titles(server):
    return [asked.json["data"]["title"] for asked in server.asked]


@pytest.mark.parametrize("point", failpoints.OUTBOX)
def test_no_alert_is_lost_when_the_process_is_killed_at_any_point(alerts, deliver, point):
    with HttpServer(says(200)) as server:
        alerts(channels={"hook": hook(server)})
        incident = opens("rates")
        assert deliver(fault=point) == -signal.SIGKILL
        assert deliver(linger=1.0) == 0
        assert Delivery.objects.get().delivered_at is not None
        # Whoever hears it twice knows it by its id.
        assert len(set(ids(server))) == 1
        twice = {"send.after"}
        assert len(server.asked) == (2 if point in twice else 1)
        resolves(incident)
        assert deliver(fault=point) == -signal.SIGKILL
        assert deliver(linger=1.0) == 0
        assert titles(server)[-1].startswith("rates recovered")


def test_a_server_that_hangs_delays_no_other(alerts, deliver):
    with ExitStack() as stack:
        slow = stack.enter_context(HttpServer(hangs))
        fast = stack.enter_context(HttpServer(says(200)))
        port, letters = stack.enter_context(smtp_server())
        email = {"kind": "email", "to": "ops@example.com", "from": "jobs@example.com"}
        alerts(channels={"a_slow": hook(slow), "fast": hook(fast), "mail": email}, smtp=port)
        opens("rates")
        deliver(lease=60, wait=False)
        until(lambda: fast.asked and letters, 60)
        (asked,) = slow.asked
        assert asked.json["data"]["title"] == titles(fast)[0]
        left = Delivery.objects.filter(delivered_at=None).values_list("channel", flat=True)
        until(lambda: list(left.all()) == ["a_slow"], 10)
        (recipients, letter) = letters[0]
        assert recipients == ["ops@example.com"]
        assert letter["Subject"] == "rates failed: OperationalError: connection refused"


def test_no_transaction_is_open_while_a_server_is_talked_to(alerts, deliver):
    with HttpServer(hangs) as server:
        alerts(channels={"hook": hook(server)})
        opens("rates")
        deliver(lease=60, wait=False)
        until(lambda: server.asked, 60)
        assert lasting_transactions_of_others() == 0


def test_it_is_tried_again_and_its_answers_are_kept(alerts, deliver, monkeypatch):
    answers = iter([says(500), says(429, Retry_After="1"), says(200)])
    with HttpServer(lambda handler: next(answers)(handler)) as server:
        alerts(channels={"hook": hook(server)})
        opens("rates")
        deliver(lease=60, linger=12)
        delivery = Delivery.objects.get()
        assert delivery.delivered_at is not None
        tries = list(delivery.tries.order_by("number"))
        assert [each.is_done for each in tries] == [False, False, True]
        assert "500" in tries[0].answer
        assert "429" in tries[1].answer
        pauses = [after.at - before.at for before, after in pairwise(tries)]
        assert [timedelta(seconds=least) <= pause for least, pause in zip((5, 10), pauses, strict=True)] == [True] * 2
        assert len(set(ids(server))) == 1


def test_a_channel_that_refuses_for_good_is_switched_off(alerts, deliver):
    with HttpServer(says(410)) as server:
        alerts(channels={"hook": hook(server)})
        opens("rates")
        opens("other", fingerprint="another")
        deliver()
        assert len(server.asked) == 1
        off = ChannelOff.objects.get()
        assert (off.name, "410" in off.why) == ("hook", True)
        assert Event.objects.filter(kind="channel_off").count() == 1
        assert Delivery.objects.filter(given_up_at=None).count() == 0
        assert Event.objects.filter(kind="undelivered").count() == 2


def test_the_worker_starts_it_wakes_it_and_starts_it_again(alerts, deliverer):
    with HttpServer(says(200)) as server:
        alerts(channels={"hook": hook(server)})
        assert deliverer.pid is None
        opens("rates")
        deliverer.wake()
        until(lambda: len(server.asked) == 1, 60)
        first = deliverer.pid
        opens("other", fingerprint="another")
        deliverer.wake()
        until(lambda: len(server.asked) == 2, 5)
        assert deliverer.pid == first
        os.kill(first, signal.SIGKILL)
        until(lambda: deliverer.pid is None, 5)
        opens("third", fingerprint="a third")
        deliverer.wake()
        until(lambda: len(server.asked) == 3, 60)


def test_it_ends_with_its_worker_and_when_nothing_is_due(alerts, deliverer, deliver):
    with HttpServer(says(200)) as server:
        alerts(channels={"hook": hook(server)})
        began = time.monotonic()
        assert deliver(linger=0.2) == 0
        assert time.monotonic() - began < 20
        opens("rates")
        deliverer.wake()
        until(lambda: server.asked, 60)
        pid = deliverer.pid
        deliverer.stop()
        until(lambda: not is_alive(pid) or deliverer.pid is None, 5)


def test_while_it_waits_it_asks_the_database_nothing(alerts, deliver):
    with HttpServer(says(500)) as server:
        alerts(channels={"hook": hook(server)})
        opens("rates")
        process = deliver(lease=60, linger=30, wait=False)
        until(lambda: server.asked and Delivery.objects.get().answer, 60)
        time.sleep(0.5)
        before = asked_last()
        time.sleep(2)
        assert asked_last() == before
        assert process.poll() is None


def asked_last():
    """When each other session was last asked something."""
    with psycopg.connect(**{key: value for key, value in connection.get_connection_params().items()
                            if key in {"dbname", "host", "port", "user", "password"}}) as mine:  # fmt: skip
        return set(
            mine.execute(
                "SELECT pid, state_change FROM pg_stat_activity WHERE datname = current_database() "
                "AND pid <> pg_backend_pid() AND backend_type = 'client backend' AND pid <> %s",
                [connection.connection.info.backend_pid],
            ).fetchall()
        )


# What wakes it


@pytest.fixture
def woken(monkeypatch):
    found = []
    monkeypatch.setattr(notices, "wake", lambda: found.append(connection.in_atomic_block))
    return found


def end(job, status, **facts):
    run = a_queued_run(job)
    attempts.finish(claims.claim(run.pk, HERE), Outcome(status=status, **facts))


def test_a_runs_end_that_opens_an_incident_wakes_it_after_the_commit(declared, woken):
    declared("rates", command="succeeds")
    end("rates", AttemptStatus.SUCCEEDED)
    assert woken == []
    end("rates", AttemptStatus.FAILED, error="No.")
    assert woken == [False]
    end("rates", AttemptStatus.FAILED, error="No.")  # it is the same incident
    assert woken == [False]


def test_what_somebody_does_about_an_incident_wakes_it(woken):
    incident = opens("rates")
    incident_acts.acknowledge(incident.pk, by="ada")
    incident_acts.resolve(incident.pk, by="ada")
    assert woken == [False, False]


def test_the_tick_wakes_it_when_something_is_due_and_only_then(declared, woken):
    declared("rates", command="succeeds")
    settled_ticks()
    tick.tick()
    assert woken == []
    incident = opens("rates")
    tick.tick()
    assert woken == [False]
    del woken[:]
    Delivery.objects.create(
        incident=incident, channel="ops", kind="opened", due_at=states.clock() + timedelta(minutes=5)
    )
    incident.notices.update(done_at=states.clock())
    tick.tick()
    assert woken == []
    Delivery.objects.update(due_at=states.clock() + timedelta(seconds=30))
    tick.tick()
    assert woken == [False]
