"""A job's own watch hears of each success and failure, and nothing waits for it."""

import logging
import subprocess
import sys
import time
from functools import partial

import pytest
from django.conf import settings as configured

from jobs.alerts import checks, job_heartbeats
from jobs.alerts.signs import Signs, signs
from jobs.choices import AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, endings, states, triggers
from jobs.ledger.attempts import Outcome
from tests.alerts.servers import HttpServer, hangs, says
from tests.helpers.findings import findings
from tests.helpers.processes import until
from tests.helpers.rows import HERE, a_queued_run

URL = "/hooks/secret-of-the-url"


@pytest.fixture(autouse=True)
def all_given():
    job_heartbeats._unreached.clear()
    yield
    until(lambda: signs.are_given)


@pytest.fixture
def server():
    with HttpServer(says(200)) as server:
        yield server


def asked(server):
    signs.wait()
    assert {each.method for each in server.asked} <= {"GET"}
    return [each.path for each in server.asked]


def execute(worker, job):
    return worker.execute(triggers.request(job, requested_by="a test", ring=False).pk)


def end(job, **facts):
    claim = claims.claim(a_queued_run(job, not_before=states.clock()).pk, HERE)
    return attempts.finish(claim, Outcome(**facts))


def test_a_success_asks_for_the_url_and_a_failure_for_fail_behind_it(declared, worker, server):
    declared("good", command="succeeds", heartbeat=server.url)
    declared("bad", command="fails", heartbeat=f"{server.url}?key=1")
    assert execute(worker, "good") is Status.SUCCEEDED
    assert asked(server) == [URL]
    assert execute(worker, "bad") is Status.FAILED
    assert asked(server) == [URL, f"{URL}/fail?key=1"]


def test_a_run_with_something_to_judge_is_told_once_its_transaction_is_committed(declared, worker, server):
    """A failure opens an incident, and a step follows."""
    declared("bad", command="fails", heartbeat=server.url)
    declared("after", command="succeeds", after="bad")
    assert execute(worker, "bad") is Status.FAILED
    assert asked(server) == [f"{URL}/fail"]


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("status", "paths"),
    [
        (AttemptStatus.TIMED_OUT, [f"{URL}/fail"]),
        (AttemptStatus.LOST, [f"{URL}/fail"]),
        (AttemptStatus.CANCELLED, []),
        (AttemptStatus.INTERRUPTED, []),  # it runs again
    ],
)
def test_what_is_told_of_other_ends(declared, server, status, paths):
    declared("it", heartbeat=server.url)
    end("it", status=status, error="No.")
    assert asked(server) == paths


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("excused", "paths"), [(False, [f"{URL}/fail"]), (True, [])])
def test_a_queued_run_that_nobody_picked_up_is_told_unless_an_operator_caused_it(declared, server, excused, paths):
    declared("it", heartbeat=server.url)
    run = a_queued_run("it", not_before=states.clock())
    assert endings.miss(run.pk, "it", "Nobody picked it up.", excused=excused).status is Status.MISSED
    assert asked(server) == paths


@pytest.mark.django_db(transaction=True)
def test_a_failure_that_is_retried_is_not_told(declared, server):
    declared("it", heartbeat=server.url, retries=1)
    assert end("it", status=AttemptStatus.FAILED, error="No.").status is Status.QUEUED
    assert asked(server) == []


def test_a_watch_that_hangs_delays_neither_its_run_nor_another_jobs_sign(declared, worker, server):
    with HttpServer(hangs) as hanging:
        declared("slow", command="succeeds", heartbeat=hanging.url)
        declared("good", command="succeeds", heartbeat=server.url)
        execute(worker, "good")  # the fork server is warm
        server.asked.clear()
        before = time.monotonic()
        for _ in range(3):
            assert execute(worker, "slow") is Status.SUCCEEDED
        assert execute(worker, "good") is Status.SUCCEEDED
        until(lambda: server.asked)
        assert time.monotonic() - before < 4  # one sign alone has 5 s
        assert len(hanging.asked) == 1  # one at a time


def test_a_watch_that_is_not_reached_fails_nothing_and_is_logged_once_without_its_url(declared, worker, server, caplog):
    caplog.set_level(logging.INFO, logger="jobs.alerts.job_heartbeats")
    server.answer = says(404, b"no check secret-of-the-url")
    declared("it", command="succeeds", heartbeat=server.url)
    for status in (404, 404, 200, 200):
        server.answer = says(status, b"no check secret-of-the-url" if status == 404 else b"")
        assert execute(worker, "it") is Status.SUCCEEDED
        signs.wait()
    assert [each.message for each in caplog.records if each.name == job_heartbeats.__name__] == [
        "job=it: its heartbeat isn't reached, which raises the alarm there: 404 Not Found: no check ********",
        "job=it: its heartbeat is reached again",
    ]


def test_a_private_address_is_not_asked(declared, worker, resolves, caplog):
    resolves(watch_example=[["10.0.0.4"]])
    declared("it", command="succeeds", heartbeat="https://watch.example/secret-of-the-url")
    assert execute(worker, "it") is Status.SUCCEEDED
    signs.wait()
    assert "watch.example leads to 10.0.0.4, which is not a public address: nothing was sent." in caplog.text
    assert "secret-of-the-url" not in caplog.text


@pytest.mark.parametrize(
    ("heartbeat", "failed", "is_asked_for"),
    [
        ("https://hc-ping.com/key/nightly?create=1", False, "https://hc-ping.com/key/nightly?create=1"),
        ("https://hc-ping.com/key/nightly?create=1", True, "https://hc-ping.com/key/nightly/fail?create=1"),
        ("https://uptime.betterstack.com/api/v1/heartbeat/key/", True, "https://uptime.betterstack.com/api/v1/heartbeat/key/fail"),
        ("https://cronitor.link/p/key/nightly", False, "https://cronitor.link/p/key/nightly?state=complete"),
        ("https://cronitor.link/p/key/nightly?env=prod&state=run", True, "https://cronitor.link/p/key/nightly?env=prod&state=fail"),
    ],
)  # fmt: skip
def test_each_service_is_asked_as_it_documents(heartbeat, failed, is_asked_for):
    assert job_heartbeats.address(heartbeat, failed=failed) == is_asked_for


def test_a_bad_url_is_refused_without_being_shown(declared):
    declared("it", heartbeat="hc-ping.com/secret-of-the-url")
    [problem] = registry.problems
    assert problem.message == "heartbeat of job 'it' is a string of 29 characters that is not an address."
    assert problem.hint == (
        "Write the URL that your watch gives you for this job, such as 'https://hc-ping.com/<uuid>'."
    )


def test_a_url_that_may_not_be_asked_for_is_reported_without_being_shown(declared):
    declared("it", heartbeat="http://hc-ping.com/secret-of-the-url")
    assert findings(checks.heartbeat) == [
        (
            "jobs.E033",
            "heartbeat of job 'it' begins with http://. Write https://, or name its host in JOBS_CHANNEL_HOSTS.",
            "docs/how-to/alerts.md describes it.",
        )
    ]
    assert "secret-of-the-url" not in repr(registry["it"])


def test_of_a_watch_that_hangs_the_newest_signs_wait(declared):
    given, one, begun = Signs(), [], []
    given.give("it", lambda: (begun.append(1), until(lambda: len(one) == 1)))
    until(lambda: begun)
    found = []
    for number in range(15):
        given.give("it", partial(found.append, number))
    one.append(1)
    given.wait()
    assert found == [*range(5, 15)]


def test_a_sign_that_breaks_is_logged_and_the_next_is_given(caplog):
    given, found = Signs(), []
    given.give("it", lambda: 1 / 0)
    given.give("it", lambda: found.append(1))
    given.wait()
    assert found == [1]
    assert "a sign to its watch failed" in caplog.text


def test_a_process_that_ends_gives_the_signs_that_it_has_begun():
    script = (
        "import time; from jobs.alerts.signs import signs\nsigns.give('it', lambda: (time.sleep(.5), print('given')))"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=configured.BASE_DIR, capture_output=True, text=True)
    assert (done.stdout, done.returncode) == ("given\n", 0)
