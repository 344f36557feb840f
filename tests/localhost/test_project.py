"""The project itself on the local host: what `make run` starts, against PostgreSQL."""

import os
import signal

import pytest
from django.db import connection

from jobs.choices import Status, Trigger
from jobs.ledger import triggers
from jobs.ledger.doorbell import CHANNEL
from jobs.models import Run
from tests.helpers.processes import is_alive, until
from tests.localhost.hosts import KEY, ROOT, LocalHost

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def host(database_url, tmp_path):
    host = LocalHost(
        tmp_path,
        *("--app", str(ROOT)),
        LOCAL="1",
        DATABASE_URL=database_url,
        DJANGO_SETTINGS_MODULE="tests.settings",
        PYTHONPATH=str(ROOT),
        SECRET_KEY="a-test's",
    )
    until(is_listening)
    yield host
    if host.process.poll() is None:
        host.process.kill()
        host.wait_for_end()


def is_listening():
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1 FROM pg_stat_activity WHERE query = %s", [f"LISTEN {CHANNEL}"])
        return cursor.fetchone()


def test_a_manual_call_becomes_a_run(host):
    assert host.request("POST", "/admin/functions/clearsessions", b"{}", x_functions_key=KEY).status == 202
    host.wait_for("clearsessions   ")
    run = Run.objects.get(job="clearsessions")
    assert (run.status, run.trigger, run.scheduled_for) == (Status.SUCCEEDED, Trigger.MANUAL, None)
    host.stop()


def test_a_request_rings_and_the_host_executes_it(host, declared):
    declared("succeeds")
    run = triggers.request("succeeds", requested_by="a test")
    (line,) = host.wait_for("execute_run   ")
    assert line.endswith(f"  run {run.pk} succeeded")
    run.refresh_from_db()
    assert run.status == Status.SUCCEEDED
    host.stop()


def test_a_run_that_failed_is_not_called_ok(host, declared):
    declared("exits")
    run = triggers.request("exits", ["3"], requested_by="a test")
    (line,) = host.wait_for("execute_run   ")
    assert line.endswith(f"  run {run.pk} failed: exit 3")
    host.stop()


def test_django_answers_and_says_who_may_sign_in(host):
    answer = host.request("GET", "/manage/login/")
    assert answer.status == 200
    assert answer.headers["set-cookie"].startswith("csrftoken=")
    assert [line for line in host.lines if line.startswith(f"Sign in   {host.url}/sign-in/")]
    host.stop()


def test_ctrl_c_interrupts_a_run_and_leaves_no_process(host, declared):
    declared("sleeps", "600")
    run = triggers.request("sleeps", requested_by="a test")
    until(lambda: Run.objects.filter(pk=run.pk, status=Status.RUNNING, attempts__output__isnull=False).exists())
    below = descendants(host.process.pid)
    assert below
    assert host.stop(signal.SIGINT) < 5
    until(lambda: not any(is_alive(pid) for pid in below), 2)
    run.refresh_from_db()
    assert run.status == Status.QUEUED


def descendants(pid):
    found = []
    for task in os.listdir(f"/proc/{pid}/task"):
        with open(f"/proc/{pid}/task/{task}/children") as children:
            for child in map(int, children.read().split()):
                found += [child, *descendants(child)]
    return found
