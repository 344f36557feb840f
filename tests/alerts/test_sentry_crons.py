"""Sentry Crons hears of each run, where the project has set up Sentry. The SDK is real; its transport keeps it all."""

import subprocess
import sys
import time
from datetime import timedelta

import pytest
import sentry_sdk
from django.conf import settings as configured
from sentry_sdk.transport import Transport

from jobs.alerts import sentry_crons
from jobs.alerts.signs import signs
from jobs.choices import AttemptStatus, Status
from jobs.declarations.registry import registry
from jobs.ledger import attempts, claims, states, triggers
from jobs.ledger.attempts import Outcome
from tests.helpers.processes import until
from tests.helpers.rows import HERE, a_queued_run

EVERY_NIGHT = {"schedule": "0 30 3 * * 1-5", "time_zone": "Europe/Berlin"}


@pytest.fixture
def sentry():
    """What Sentry hears, in order."""
    heard = []

    class Kept(Transport):
        delay = 0.0

        def capture_envelope(self, envelope):
            time.sleep(self.delay)
            heard.extend(item.payload.json for item in envelope.items if item.type == "check_in")

    sentry_sdk.init(
        "https://key@sentry.example/1", transport=Kept, environment="production", default_integrations=False
    )
    yield heard
    until(lambda: signs.are_given)
    sentry_sdk.get_client().close()
    sentry_sdk.get_global_scope().set_client(None)


def execute(worker, job):
    run = triggers.request(job, requested_by="a test", ring=False)
    return run, worker.execute(run.pk)


def told(heard):
    signs.wait()
    return [(each["monitor_slug"], each["status"]) for each in heard]


def test_a_run_checks_in_as_it_starts_and_as_it_ends(declared, worker, sentry):
    declared("nightly", command="succeeds", **EVERY_NIGHT, timeout=timedelta(minutes=20))
    execute(worker, "nightly")
    assert told(sentry) == [("nightly", "in_progress"), ("nightly", "ok")]
    begin, end = sentry
    assert begin["check_in_id"] == end["check_in_id"]
    assert 0 < end["duration"] < 60
    assert end["environment"] == "production"
    assert end["monitor_config"] == {
        "schedule": {"type": "crontab", "value": "30 3 * * 1-5"},
        "timezone": "Europe/Berlin",
        "max_runtime": 20,
        "checkin_margin": 24 * 60,
    }


def test_a_retry_goes_on_with_the_check_in_of_its_run(declared, worker, sentry):
    declared("nightly", command="fails", **EVERY_NIGHT, retries=1)
    run, status = execute(worker, "nightly")
    assert status is Status.QUEUED
    type(run).objects.filter(pk=run.pk).update(not_before=states.clock())
    assert worker.execute(run.pk) is Status.FAILED
    assert told(sentry) == [("nightly", "in_progress")] * 2 + [("nightly", "error")]
    assert len({each["check_in_id"] for each in sentry}) == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("status", [AttemptStatus.TIMED_OUT, AttemptStatus.LOST, AttemptStatus.CANCELLED])
def test_what_began_and_did_not_succeed_is_an_error(declared, sentry, status):
    declared("nightly", **EVERY_NIGHT)
    claim = claims.claim(a_queued_run("nightly", not_before=states.clock()).pk, HERE)
    attempts.finish(claim, Outcome(status=status, error="No.", wall=timedelta(seconds=3)))
    assert told(sentry) == [("nightly", "error")]


@pytest.mark.django_db(transaction=True)
def test_what_was_cancelled_before_it_began_is_not_told(declared, sentry):
    declared("nightly", **EVERY_NIGHT)
    run = a_queued_run("nightly", not_before=states.clock())
    triggers.cancel(run.pk, "ada")
    run.refresh_from_db()
    assert run.status == Status.CANCELLED
    assert told(sentry) == []


def test_a_job_without_a_schedule_has_no_monitor(declared, worker, sentry):
    declared("by_hand", command="succeeds")
    execute(worker, "by_hand")
    assert told(sentry) == []


def test_it_can_be_switched_off(declared, worker, sentry, settings):
    settings.JOBS_SENTRY_CRONS = False
    declared("nightly", command="succeeds", **EVERY_NIGHT)
    execute(worker, "nightly")
    assert told(sentry) == []


def test_without_a_client_nothing_is_told_and_nothing_is_started(declared, worker):
    declared("nightly", command="succeeds", **EVERY_NIGHT)
    assert not sentry_crons._is_set_up()
    assert execute(worker, "nightly")[1] is Status.SUCCEEDED
    assert signs.are_given


def test_a_transport_that_is_slow_or_breaks_neither_delays_nor_fails_a_run(declared, worker, sentry, caplog):
    transport = sentry_sdk.get_client().transport
    declared("nightly", command="succeeds", **EVERY_NIGHT)
    execute(worker, "nightly")
    signs.wait()
    transport.delay = 2
    before = time.monotonic()
    assert execute(worker, "nightly")[1] is Status.SUCCEEDED
    assert time.monotonic() - before < 2
    assert len(told(sentry)) == 4
    transport.delay = "no number"
    assert execute(worker, "nightly")[1] is Status.SUCCEEDED
    signs.wait()
    assert "a sign to its watch failed" in caplog.text


def test_the_sdk_is_not_imported_by_us():
    script = (
        "import sys, django; django.setup(); from jobs.alerts import sentry_crons; print('sentry_sdk' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], cwd=configured.BASE_DIR, capture_output=True, text=True)
    assert done.stdout == "False\n", done.stderr


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        ("0 30 3 * * *", {"type": "crontab", "value": "30 3 * * *"}),
        ("15 */10 * * * *", {"type": "crontab", "value": "*/10 * * * *"}),
        ("0 5/15 * * * *", {"type": "crontab", "value": "5-59/15 * * * *"}),
        ("0 0 6 1 1,7 *", {"type": "crontab", "value": "0 6 1 1,7 *"}),
        ("0 0 6 * * SUN", {"type": "crontab", "value": "0 6 * * 0"}),
        ("*/10 * * * * *", {"type": "interval", "value": 1, "unit": "minute"}),
        ("*/10 * 8-17 * * *", None),
        ("0 0 6 1-7 * MON", None),  # the first Monday: a crontab can't say it
        ("0 0 6 30 2 *", None),
    ],
)
def test_a_schedule_as_a_crontab_has_it(declared, schedule, said):
    declared("it", schedule=schedule)
    assert (sentry_crons.monitor_config(registry["it"]) or {}).get("schedule") == said
