"""What is held back is sent before a worker ends, and nobody waits for a collector that doesn't answer."""

import signal
import socket
import time

import pytest

from jobs.choices import Status, Trigger
from jobs.models import Run
from tests.helpers.processes import until
from tests.telemetry.collector import attributes


@pytest.fixture
def leave(start_worker):
    """Start a worker as Azure does, with a run that sleeps, and send it SIGTERM: the run, and the seconds taken."""

    def leave_at_once(endpoint, stop_time):
        run = Run.objects.create(job="sleeps", trigger=Trigger.API, requested_by="a test", arguments=["60"])
        process = start_worker(
            [{"message": run.pk}, {"wait": 60}],
            OTEL_EXPORTER_OTLP_ENDPOINT=endpoint,
            LOCAL="",
            SECRET_KEY="a secret key of the tests alone",
            WEBSITES_CONTAINER_STOP_TIME_LIMIT=str(stop_time),
        )
        assert process.stdout.readline() == "ready\n"
        until(lambda: run.attempts.filter(output__isnull=False).exists())
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 128 + signal.SIGTERM
        run.refresh_from_db()
        return run, time.monotonic() - began

    return leave_at_once


def test_a_run_that_a_shutdown_interrupts_is_reported(leave, collector):
    run, _ = leave(collector.url, stop_time=6)
    (span,) = collector.spans()
    assert attributes(span)["nightshift.status"] == "interrupted"
    assert f"ended run={run.pk} job=sleeps attempt=1 status=queued" in {
        record.body.string_value for record in collector.logs()
    }
    assert [point.as_int for point in collector.metrics()["nightshift.runs.active"]] == [0]


def test_a_collector_that_never_answers_keeps_no_worker_from_leaving_in_time(leave):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        run, seconds = leave(f"http://127.0.0.1:{silent.getsockname()[1]}", stop_time=6)
    assert seconds < 6
    assert run.status == Status.QUEUED
