"""A host whose run fails: somebody hears of it, by a process that comes, comes back when it is killed, and goes."""

import json
import os
import signal
from contextlib import suppress
from pathlib import Path

import pytest

from jobs.ledger import triggers
from jobs.models import Delivery
from tests.alerts.servers import HttpServer, says
from tests.alerts.telling import opens
from tests.helpers.processes import is_alive, until
from tests.localhost.hosts import ROOT, LocalHost
from tests.localhost.test_project import is_listening

pytestmark = pytest.mark.django_db(transaction=True)
SECRET = "whsec_" + "A" * 43 + "="


@pytest.fixture
def server():
    with HttpServer(says(200)) as server:
        yield server


@pytest.fixture
def host(database_url, tmp_path, server):
    channels = {"hook": {"kind": "webhook", "url": server.url, "secret": SECRET}}
    host = LocalHost(
        tmp_path,
        *("--app", str(ROOT)),
        LOCAL="1",
        DATABASE_URL=database_url,
        DJANGO_SETTINGS_MODULE="tests.alerts.host_settings",
        TEST_ALERTS=json.dumps({"channels": channels}),
        PYTHONPATH=str(ROOT),
    )
    until(is_listening)
    yield host
    if host.process.poll() is None:
        host.process.kill()
        host.wait_for_end()


def deliverers(server):
    """The processes that deliver to this server."""
    found = []
    for entry in Path("/proc").iterdir():
        with suppress(OSError):
            is_one = b"jobs.alerts.deliverer" in (entry / "cmdline").read_bytes()
            if is_one and server.url.encode() in (entry / "environ").read_bytes() and is_alive(int(entry.name)):
                found.append(int(entry.name))
    return found


def test_a_run_that_fails_is_told_by_a_process_beside_the_worker(host, server, declared):
    declared("exits")
    assert deliverers(server) == []
    run = triggers.request("exits", ["3"], requested_by="a test")
    host.wait_for("execute_run   ")
    until(lambda: server.asked, 60)
    data = server.asked[0].json["data"]
    assert data["title"].startswith("exits failed")
    assert data["facts"]["runs"] == str(run.pk)
    until(lambda: Delivery.objects.filter(delivered_at__isnull=False).exists(), 10)
    (pid,) = deliverers(server)
    os.kill(pid, signal.SIGKILL)
    until(lambda: not is_alive(pid), 5)
    opens("clearsessions", fingerprint="another")
    # The next tick finds it.
    until(lambda: any("clearsessions" in asked.json["data"]["facts"]["jobs"] for asked in server.asked), 90)
    (pid,) = deliverers(server)
    host.stop()
    until(lambda: deliverers(server) == [], 20)
