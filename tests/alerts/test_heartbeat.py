"""Each tick gives a sign of life to a watch from outside, and waits for none."""

import logging
import time
from types import SimpleNamespace

import pytest
from django.db import OperationalError

from jobs.alerts import checks, heartbeat
from jobs.alerts.heartbeat import Heartbeat
from jobs.azure import calls
from jobs.execution import tick
from tests.alerts.servers import HttpServer, hangs, says
from tests.helpers.findings import findings
from tests.helpers.processes import until

CALL = SimpleNamespace(trace_context=SimpleNamespace(trace_parent=""))


@pytest.fixture(autouse=True)
def here(monkeypatch):
    """A process that has given no sign yet."""
    monkeypatch.setattr(heartbeat, "here", Heartbeat())
    yield
    until(lambda: not heartbeat.here._busy.locked())


@pytest.mark.django_db(transaction=True)
def test_each_tick_gives_a_sign(settings):
    with HttpServer(says(200)) as server:
        settings.JOBS_HEARTBEAT_URL = server.url
        for times in (1, 2):
            calls.of_tick(CALL)
            until(lambda times=times: len(server.asked) == times and not heartbeat.here._busy.locked())
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/hooks/secret-of-the-url")] * 2


@pytest.mark.django_db(transaction=True)
def test_a_tick_is_no_slower_while_the_watch_hangs(settings):
    calls.of_tick(CALL)
    with HttpServer(hangs) as server:
        settings.JOBS_HEARTBEAT_URL = server.url
        before = time.monotonic()
        for _ in range(3):
            calls.of_tick(CALL)
        assert time.monotonic() - before < 2  # the sign itself has 5 s
        until(lambda: server.asked)
        assert heartbeat.here._busy.locked()
        assert len(server.asked) == 1  # one at a time


@pytest.mark.django_db(transaction=True)
def test_a_tick_that_fails_gives_no_sign(settings, monkeypatch):
    def fail():
        raise OperationalError("the database is away")

    monkeypatch.setattr(tick, "tick", fail)
    with HttpServer(says(200)) as server:
        settings.JOBS_HEARTBEAT_URL = server.url
        with pytest.raises(OperationalError):
            calls.of_tick(CALL)
        assert not heartbeat.here._busy.locked()
    assert server.asked == []


def test_without_a_url_nothing_is_started(settings):
    settings.JOBS_HEARTBEAT_URL = ""
    heartbeat.here.beat()
    assert not heartbeat.here._busy.locked()


def test_that_the_watch_is_not_reached_is_logged_once_and_without_its_url(settings, caplog):
    def beat():
        heartbeat.here.beat()
        until(lambda: not heartbeat.here._busy.locked())

    caplog.set_level(logging.INFO, logger="jobs.alerts.heartbeat")
    with HttpServer(says(404, b"no check secret-of-the-url")) as server:
        settings.JOBS_HEARTBEAT_URL = server.url
        beat()
        beat()
        server.answer = says(200)
        beat()
        beat()
    assert caplog.messages == [
        "JOBS_HEARTBEAT_URL isn't reached, which raises the alarm there: 404 Not Found: no check ********",
        "JOBS_HEARTBEAT_URL is reached again",
    ]


def test_a_url_that_may_not_be_asked_for_is_reported(settings):
    settings.JOBS_HEARTBEAT_URL = "http://hc-ping.com/secret"
    assert findings(checks.heartbeat) == [
        (
            "jobs.E033",
            "JOBS_HEARTBEAT_URL begins with http://. Write https://, or name its host in JOBS_CHANNEL_HOSTS.",
            "docs/how-to/alerts.md describes it.",
        )
    ]
    settings.JOBS_HEARTBEAT_URL = "https://hc-ping.com/secret"
    assert findings(checks.heartbeat) == []
