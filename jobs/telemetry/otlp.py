"""OpenTelemetry's SDK with exporters that speak OTLP over HTTP: to a collector, or to whatever takes OTLP itself.

Where it is, its headers, time limits and intervals are read by the SDK, from its own variables (OTEL_…).
"""

import logging
import os
from typing import TYPE_CHECKING

from opentelemetry import metrics, trace
from opentelemetry._logs import set_logger_provider
from opentelemetry.exporter.otlp.proto.http._log_exporter import OTLPLogExporter
from opentelemetry.exporter.otlp.proto.http.metric_exporter import OTLPMetricExporter
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.logging.handler import LoggingHandler
from opentelemetry.sdk._logs import LoggerProvider
from opentelemetry.sdk._logs.export import BatchLogRecordProcessor
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import PeriodicExportingMetricReader
from opentelemetry.sdk.resources import OTELResourceDetector, Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

if TYPE_CHECKING:
    from jobs.ledger.instance import Instance

# Our own lines. The root logger's handlers are left as they are: the worker's is among them.
LOGGER = "jobs"


def set_up(here: "Instance") -> None:
    """Send spans, metrics and our log lines from now on. Starts threads: never call it in the fork server."""
    about = resource(here)
    # Nobody waits for the exporters at exit: whoever ends this process calls `telemetry.flush`, which is bounded.
    spans = TracerProvider(
        # The host's own sampling says nothing about a run: each of them is reported.
        sampler=None if "OTEL_TRACES_SAMPLER" in os.environ else ALWAYS_ON,
        resource=about,
        shutdown_on_exit=False,
    )
    spans.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(spans)
    reader = PeriodicExportingMetricReader(OTLPMetricExporter())
    metrics.set_meter_provider(MeterProvider([reader], resource=about, shutdown_on_exit=False))
    logs = LoggerProvider(resource=about, shutdown_on_exit=False)
    logs.add_log_record_processor(BatchLogRecordProcessor(OTLPLogExporter()))
    set_logger_provider(logs)
    logging.getLogger(LOGGER).addHandler(LoggingHandler(logger_provider=logs))


def resource(here: "Instance") -> Resource:
    """What this process is. OTEL_SERVICE_NAME and OTEL_RESOURCE_ATTRIBUTES have the last word."""
    ours = {
        "service.name": os.environ.get("WEBSITE_SITE_NAME", "nightshift"),
        "service.instance.id": here.name,
        "service.version": here.release,
    }
    return Resource.create({**ours, **OTELResourceDetector().detect().attributes})
