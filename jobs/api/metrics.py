"""GET /api/metrics: how the jobs stand, in OpenMetrics, for Prometheus and what reads the same."""

from collections.abc import Iterator
from typing import Any

from drf_spectacular.types import OpenApiTypes
from rest_framework.request import Request
from rest_framework.response import Response

from jobs.api.access import ForActors
from jobs.api.described import described
from jobs.api.fields import Request as Asked
from jobs.api.output import AlwaysPlainText, PlainText
from jobs.declarations.registry import registry
from jobs.reading.metrics import NOTHING, OUTCOMES, Metrics, metrics
from jobs.reading.statistics import TRIED

MEDIA_TYPE = "application/openmetrics-text"


class OpenMetrics(PlainText):
    media_type = f"{MEDIA_TYPE}; version=1.0.0"
    format = "openmetrics"


class MetricsOfJobs(ForActors):
    renderer_classes = [OpenMetrics]
    content_negotiation_class = AlwaysPlainText

    @described(
        operation_id="metrics",
        tags=["metrics"],
        description="How the declared jobs stand that you may see, in OpenMetrics. Counters begin with the month in "
        "UTC, which Prometheus takes for a restart.",
        responses={(200, MEDIA_TYPE): OpenApiTypes.STR},
    )
    def get(self, request: Request) -> Response:
        Asked.read(request.query_params)
        # With the first question: its package takes a while to import.
        from prometheus_client.openmetrics.exposition import generate_latest

        found = metrics(self.actor.seen(registry))
        return Response(generate_latest(_Collected(found)))  # type: ignore[arg-type,no-untyped-call,unused-ignore]


class _Collected:
    """What the library asks of a registry: only ours, and nothing of this process."""

    def __init__(self, found: Metrics) -> None:
        self._found = found

    def collect(self) -> Iterator[Any]:
        yield from _totals(self._found)
        yield from _counters(self._found)
        yield from _of_jobs(self._found)
        yield from _incidents(self._found)


def _totals(found: Metrics) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily as Gauge

    yield Gauge("nightshift_jobs", "Declared jobs.", value=len(found.jobs))
    if found.tick:
        tick = found.tick.timestamp()
        yield Gauge("nightshift_last_tick_timestamp_seconds", "When the last tick ended.", value=tick, unit="seconds")
    yield Gauge("nightshift_held", "1 while everything is held.", value=int(found.is_held))
    yield Gauge(
        "nightshift_queue_wait_seconds", "For how long a run could have started.", value=found.waits, unit="seconds"
    )


def _counters(found: Metrics) -> Iterator[Any]:
    from prometheus_client.core import CounterMetricFamily as Counter
    from prometheus_client.core import SummaryMetricFamily as Summary

    runs = Counter("nightshift_runs", "Runs that ended, this month.", labels=["job", "outcome"])
    retries = Counter("nightshift_retries", "Attempts after a run's first, this month.", labels=["job"])
    took = Summary(
        "nightshift_run_duration_seconds", "Runs that succeeded, this month.", labels=["job"], unit="seconds"
    )
    late = Summary(
        "nightshift_start_lateness_seconds", "How late runs started, this month.", labels=["job"], unit="seconds"
    )
    for job in found.jobs:
        month = found.months.get(job, NOTHING)
        for outcome in OUTCOMES:
            # A rate begins at 0, but what seldom is needs no line of each job.
            if outcome in TRIED or month.outcomes[outcome]:
                runs.add_metric([job, outcome.value], month.outcomes[outcome])
        retries.add_metric([job], month.retries)
        took.add_metric([job], count_value=month.durations, sum_value=month.duration)
        late.add_metric([job], count_value=month.starts, sum_value=month.lateness)
    yield from (runs, retries, took, late)
    gaps = Counter("nightshift_gaps", "Occurrences that got no run, this month.", labels=["job", "reason"])
    for (job, reason), count in found.gaps.items():
        gaps.add_metric([job, reason], count)
    yield gaps


def _of_jobs(found: Metrics) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily as Gauge

    paused = Gauge("nightshift_job_paused", "1 while the job is paused.", labels=["job"])
    for job in found.jobs:
        paused.add_metric([job], int(job in found.paused))
    yield paused
    due = Gauge("nightshift_job_next_due_timestamp_seconds", "When the job is due.", labels=["job"], unit="seconds")
    for job, moment in found.next_due.items():
        due.add_metric([job], moment)
    yield due
    usual = Gauge(
        "nightshift_run_duration_usual_seconds",
        "What its runs of the last 30 days took.",
        labels=["job", "quantile"],
        unit="seconds",
    )
    for job, each in found.usual.items():
        for quantile, value in (("0.5", each.p50), ("0.9", each.p90), ("0.95", each.p95)):
            usual.add_metric([job, quantile], value.total_seconds())
    yield usual
    active = Gauge("nightshift_runs_active", "Runs that wait or are at work.", labels=["job", "status"])
    for (job, status), count in found.active.items():
        active.add_metric([job, status], count)
    yield active


def _incidents(found: Metrics) -> Iterator[Any]:
    from prometheus_client.core import GaugeMetricFamily as Gauge

    totals = Gauge("nightshift_incidents", "Open incidents.", labels=["severity"])
    for bad, count in found.severities.items():
        totals.add_metric([bad.value], count)
    yield totals
    each = Gauge("nightshift_incident_open", "1 for each open incident.", labels=["job", "cause"])
    for job, cause in found.incidents:
        each.add_metric([job, cause], 1)
    yield each
