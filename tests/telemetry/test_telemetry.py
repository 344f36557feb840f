"""The hooks: nothing while nobody listens, and what they say where somebody does."""

import json
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from jobs import conf, telemetry
from jobs.azure import telemetry as azure_telemetry
from jobs.choices import Trigger
from jobs.declarations.registry import registry
from jobs.execution import tick
from jobs.ledger import doorbell, endings, leases, queue, record, settle, states, triggers
from jobs.models import JobState, Run
from tests.helpers.rows import a_run, first_seen_at, settled_ticks

ATTEMPT = """
import sys
import django
django.setup()
from django.core.management import execute_from_command_line
execute_from_command_line(["manage.py", *sys.argv[1:]])
import json
print(json.dumps([name for name in sys.modules if name.partition(".")[0] == "opentelemetry"]))
"""


def test_without_an_endpoint_no_process_imports_anything_of_opentelemetry(work):
    run = Run.objects.create(job="surroundings", trigger=Trigger.API, requested_by="a test")
    told = work({"message": run.pk, "traceparent": f"00-{'4b' * 16}-{'a1' * 8}-01"}, {"timer": "tick"})
    run.refresh_from_db()
    assert told["opentelemetry"] == [], "nor does the worker"
    assert json.loads(run.result) == {"traceparent": None, "opentelemetry": [], "threads": 1}
    assert run.attempts.get().trace_id == ""
    assert [line for line in told["lines"] if f"run={run.pk} " in line] == [
        f"started run={run.pk} job=surroundings attempt=1",
        f"ended run={run.pk} job=surroundings attempt=1 status=succeeded",
    ], "the worker's own handler is still there"


@pytest.mark.parametrize("endpoint", ["", "http://127.0.0.1:9"])
def test_manage_py_imports_nothing_of_opentelemetry(endpoint, monkeypatch):
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", endpoint)
    done = subprocess.run(
        [sys.executable, "-c", ATTEMPT, "check"], cwd=settings.BASE_DIR, capture_output=True, text=True, timeout=60
    )
    assert json.loads(done.stdout.splitlines()[-1]) == [], done.stderr


def test_jobs_run_where_the_packages_of_telemetry_are_missing(settings, monkeypatch, caplog):
    settings.APPLICATIONINSIGHTS_CONNECTION_STRING = "InstrumentationKey=0"
    monkeypatch.setitem(sys.modules, "azure.monitor.opentelemetry", None)
    azure_telemetry.set_up()
    assert "Install django-nightshift[telemetry]." in caplog.text


@pytest.fixture
def quiet(monkeypatch):
    """A worker that has just started; nobody is rung for."""
    monkeypatch.setattr(doorbell, "ring_all", lambda _: None)
    first_seen_at(monkeypatch, states.clock())


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_cancelled_before_it_starts_is_counted(sink):
    run = a_run(status="queued")
    endings.cancel(run.pk, "ada")
    assert sink.told == [("run_ended", "nightly", "cancelled")]


@pytest.mark.django_db(transaction=True)
def test_a_run_that_nobody_picked_up_in_time_is_counted_as_missed(sink):
    a_run(status="queued", start_by=states.clock() - timedelta(minutes=1))
    assert queue.miss_overdue() == 1
    assert sink.told == [("run_ended", "nightly", "missed"), ("missed", "nightly", "too_late", 1)]


@pytest.mark.django_db(transaction=True)
def test_a_run_that_is_skipped_at_once_is_counted(sink, declared):
    declared("nightly", command="succeeds", overlap="skip")
    a_run(status="running")
    triggers.request("nightly", requested_by="a test", ring=False)
    assert sink.told == [("run_ended", "nightly", "skipped")]


@pytest.mark.django_db(transaction=True)
def test_a_run_whose_supervisor_vanished_is_counted_as_lost(sink):
    a_run(status="running", lease_expires_at=states.clock() - timedelta(minutes=1))
    Run.objects.get().attempts.create(number=1)
    settled_ticks()
    leases.declare_lost(leases.expired(), "It vanished.")
    assert sink.told == [("lost", "nightly"), ("run_ended", "nightly", "lost")]


@pytest.mark.django_db(transaction=True)
def test_occurrences_that_are_missed_are_counted_once_their_gap_is_committed(sink, quiet, declared, monkeypatch):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *", misfire="none")
    job = registry["nightly"]
    long_ago = states.clock() - timedelta(days=5)
    JobState.objects.create(
        job=job.name,
        fingerprint=job.fingerprint,
        declared=job.fingerprint,
        ledger_from=long_ago,
        ledger_through=long_ago,
        next_due_at=long_ago,
    )
    with monkeypatch.context() as patch:
        patch.setattr(record, "insert_runs_and_advance", lambda *_: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            settle.settle([job])
    assert sink.told == []
    settle.settle([job])
    assert sum(count for what, *_, count in sink.told if what == "missed") == 5


@pytest.mark.django_db(transaction=True)
def test_the_tick_reports_how_long_runs_have_waited(sink, quiet):
    a_run(status="queued", not_before=states.clock() - timedelta(minutes=3))
    a_run("weekly", status="queued", not_before=states.clock() - timedelta(minutes=1))
    a_run("later", status="queued", not_before=states.clock() + timedelta(minutes=1))
    tick.tick()
    (_, length, age) = sink.told[-1]
    assert length == 2
    assert timedelta(minutes=3) <= age < timedelta(minutes=4)


@pytest.mark.django_db(transaction=True)
def test_an_empty_queue_has_no_age(sink, quiet):
    tick.tick()
    assert sink.told == [("queue", 0, timedelta(0))]


@pytest.mark.django_db(transaction=True)
def test_without_telemetry_the_tick_asks_nothing_more(quiet, monkeypatch):
    monkeypatch.setattr(queue, "waiting", lambda: 1 / 0)
    tick.tick()


def test_a_trace_is_found_by_the_settings_url(settings):
    settings.TRACE_URL = 'https://traces.example.com/{"id":"{trace_id}"}'
    assert telemetry.url_of("4bf9") == 'https://traces.example.com/{"id":"4bf9"}'
    assert telemetry.url_of("") == ""
    settings.TRACE_URL = ""
    assert telemetry.url_of("4bf9") == ""


@pytest.mark.parametrize("value", ["https://traces.example.com/", "javascript:alert('{trace_id}')"])
def test_a_trace_url_that_cannot_be_used_stops_the_start(value, settings):
    settings.TRACE_URL = value
    with pytest.raises(ImproperlyConfigured) as caught:
        conf.check()
    assert str(caught.value) == (
        f"TRACE_URL is {value!r}. Write an http or https URL with {{trace_id}} in it: "
        "https://traces.example.com/{trace_id}"
    )
