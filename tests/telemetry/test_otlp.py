"""A real run through the real worker library and a real child, and what a collector on this machine gets of it."""

from datetime import timedelta

import pytest
from django.utils import timezone
from opentelemetry.proto.trace.v1.trace_pb2 import Span, Status

from jobs.choices import Trigger
from jobs.declarations.registry import registry
from jobs.ledger import instance, states
from jobs.models import Attempt, JobState, Run
from tests.helpers.rows import a_run, an_attempt, settled_ticks
from tests.telemetry.collector import attributes

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
INVOCATION = "00f067aa0ba902b7"
TRACEPARENT = f"00-{TRACE}-{INVOCATION}-01"


def queued(job, *arguments, **fields):
    fields = {"trigger": Trigger.API, "requested_by": "a test"} | fields
    return Run.objects.create(job=job, arguments=list(arguments), **fields)


def unserved_for(name, duration):
    """A job whose occurrences nobody has settled for so long."""
    job, then = registry[name], states.clock() - duration
    JobState.objects.create(
        job=name,
        fingerprint=job.fingerprint,
        declared=job.fingerprint,
        ledger_from=then,
        ledger_through=then,
        next_due_at=job.schedule.next(then),
    )


@pytest.mark.usefixtures("project_jobs")
def test_a_scheduled_run_is_a_span_of_its_timers_invocation(work, collector):
    unserved_for("clearsessions", timedelta(days=1))
    status = {"Last": "2026-01-01T00:00:00", "LastUpdated": "2026-01-01T00:00:00", "Next": "2026-01-02T00:00:00"}
    work(
        {"timer": "clearsessions", "status": status, "traceparent": TRACEPARENT},
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
    )
    (span,) = collector.spans()
    assert span.name == "run clearsessions"
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, INVOCATION)
    run = Run.objects.get()
    assert attributes(span)["nightshift.scheduled_for"] == run.scheduled_for.isoformat()
    assert run.attempts.get().trace_id == TRACE


def test_a_run_is_a_span_of_the_hosts_invocation(work, collector):
    due = timezone.now() - timedelta(minutes=2)
    run = queued("surroundings", trigger=Trigger.SCHEDULE, scheduled_for=due)
    work(
        {"message": run.pk, "traceparent": TRACEPARENT},
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
        WEBSITE_SITE_NAME="night-app",
        JOBS_RELEASE="abc123",
    )
    (span,) = collector.spans()
    assert (span.name, span.kind) == ("run surroundings", Span.SPAN_KIND_CONSUMER)
    assert (span.trace_id.hex(), span.parent_span_id.hex()) == (TRACE, INVOCATION)
    assert attributes(span) == {
        "nightshift.job": "surroundings",
        "nightshift.run": run.pk,
        "nightshift.attempt": 1,
        "nightshift.trigger": "schedule",
        "nightshift.scheduled_for": due.isoformat(),
        "nightshift.status": "succeeded",
        "nightshift.exit_code": 0,
    }
    assert span.status.code == Status.STATUS_CODE_OK
    attempt = Attempt.objects.get()
    assert attempt.trace_id == TRACE
    assert attempt.wall.total_seconds() <= (span.end_time_unix_nano - span.start_time_unix_nano) / 1e9
    (service,) = collector.services()
    assert (service["service.name"], service["service.version"]) == ("night-app", "abc123")
    assert service["service.instance.id"] == instance.current().name


def test_a_commands_own_telemetry_may_join_the_trace_and_ours_is_not_in_its_process(work, collector):
    run = queued("surroundings")
    work({"message": run.pk, "traceparent": TRACEPARENT}, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    run.refresh_from_db()
    (span,) = collector.spans()
    assert run.result == (f'{{"traceparent": "00-{TRACE}-{span.span_id.hex()}-01", "opentelemetry": [], "threads": 1}}')


def test_our_log_lines_of_a_run_carry_its_trace(work, collector):
    run = queued("succeeds")
    told = work({"message": run.pk, "traceparent": TRACEPARENT}, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    (span,) = collector.spans()
    lines = [
        f"started run={run.pk} job=succeeds attempt=1",
        f"ended run={run.pk} job=succeeds attempt=1 status=succeeded",
    ]
    found = {record.body.string_value: record for record in collector.logs()}
    for line in lines:
        assert (found[line].trace_id, found[line].span_id) == (span.trace_id, span.span_id)
    assert [line for line in told["lines"] if "run=" in line] == lines, "the worker's own handler gets them too"


def test_a_run_that_fails_is_an_error(work, collector):
    run = queued("exits", "3")
    work({"message": run.pk}, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    (span,) = collector.spans()
    assert (span.status.code, span.status.message) == (
        Status.STATUS_CODE_ERROR,
        "The command ended with exit code 3.",
    )
    assert attributes(span)["nightshift.exit_code"] == 3
    assert span.parent_span_id == b"", "the host told of no trace"
    assert Attempt.objects.get().trace_id == span.trace_id.hex()


def test_a_run_is_reported_also_where_the_host_samples_its_own_call_away(work, collector):
    run = queued("succeeds")
    work(
        {"message": run.pk, "traceparent": TRACEPARENT[:-2] + "00"},
        OTEL_EXPORTER_OTLP_ENDPOINT=collector.url,
    )
    (span,) = collector.spans()
    assert span.trace_id.hex() == TRACE


def test_a_call_that_finds_nothing_to_do_leaves_no_span(work, collector):
    run = queued("succeeds")
    work({"message": run.pk}, {"message": run.pk}, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert len(collector.spans()) == 1


def test_the_metrics_of_a_run(work, collector):
    due = timezone.now() - timedelta(minutes=2)
    first = queued("succeeds", trigger=Trigger.SCHEDULE, scheduled_for=due)
    second = queued("exits", "3")
    work({"message": first.pk}, {"message": second.pk}, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    metrics = collector.metrics()
    ended = {
        (attributes(p)["nightshift.job"], attributes(p)["nightshift.status"]): p for p in metrics["nightshift.runs"]
    }
    assert {key: point.as_int for key, point in ended.items()} == {("succeeds", "succeeded"): 1, ("exits", "failed"): 1}
    lengths = {attributes(point)["nightshift.job"]: point for point in metrics["nightshift.attempt.duration"]}
    assert {job: point.count for job, point in lengths.items()} == {"succeeds": 1, "exits": 1}
    assert 0 < lengths["succeeds"].sum < 30
    (lateness,) = metrics["nightshift.run.lateness"]
    assert attributes(lateness) == {"nightshift.job": "succeeds"}
    assert 120 <= lateness.sum < 150
    assert [point.as_int for point in metrics["nightshift.runs.active"]] == [0, 0]


@pytest.mark.usefixtures("project_jobs")
def test_the_metrics_of_a_tick(work, collector):
    unserved_for("clearsessions", timedelta(days=5))
    settled_ticks()
    an_attempt(a_run("nightly", "running", lease_expires_at=timezone.now() - timedelta(hours=1)), status="running")
    queued("succeeds", not_before=timezone.now() - timedelta(minutes=3))
    work({"timer": "tick"}, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    metrics = collector.metrics()
    (missed,) = metrics["nightshift.occurrences.missed"]
    assert attributes(missed) == {"nightshift.job": "clearsessions", "nightshift.reason": "too_late"}
    assert missed.as_int == 4
    (lost,) = metrics["nightshift.attempts.lost"]
    assert (attributes(lost), lost.as_int) == ({"nightshift.job": "nightly"}, 1)
    (ended,) = metrics["nightshift.runs"]
    assert attributes(ended) == {"nightshift.job": "nightly", "nightshift.status": "lost"}
    (length,), (age,) = metrics["nightshift.queue.length"], metrics["nightshift.queue.age"]
    assert length.as_int == 2
    assert 180 <= age.as_double < 210


def test_an_instance_that_does_not_tick_says_nothing_of_the_queue(work, collector):
    work({"message": queued("succeeds").pk}, OTEL_EXPORTER_OTLP_ENDPOINT=collector.url)
    assert "nightshift.queue.age" not in collector.metrics()
