"""Where a worker's telemetry goes: to Azure Monitor, to an OTLP endpoint, or nowhere."""

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from jobs import telemetry
from jobs.conf import conf
from jobs.ledger import instance

log = logging.getLogger(__name__)


def set_up() -> None:
    """Do what the settings say. Where they name no place, nothing is imported and nothing is started."""
    if not (conf.APPLICATIONINSIGHTS_CONNECTION_STRING or conf.OTEL_EXPORTER_OTLP_ENDPOINT):
        return
    try:
        _send()
    except ModuleNotFoundError as error:
        # Azure sets the connection string for every app: jobs run without telemetry too.
        log.error("No telemetry is sent: %s. Install django-nightshift[telemetry].", error)


def _send() -> None:
    if conf.APPLICATIONINSIGHTS_CONNECTION_STRING:
        _send_to_azure_monitor()
    else:
        from jobs.telemetry import otlp

        otlp.set_up(instance.current())
    from jobs.telemetry.opentelemetry import OpenTelemetry

    telemetry.send_to(OpenTelemetry())


def _send_to_azure_monitor() -> None:
    """By Microsoft's distribution. It reads APPLICATIONINSIGHTS_AUTHENTICATION_STRING by itself: managed identity."""
    from azure.monitor.opentelemetry import configure_azure_monitor
    from opentelemetry import trace

    from jobs.telemetry import otlp

    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        log.info("the worker has set up Azure Monitor by itself")  # PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY
        return
    with _logs_left_to(host=not _flag("PYTHON_ENABLE_OPENTELEMETRY")):
        configure_azure_monitor(
            connection_string=conf.APPLICATIONINSIGHTS_CONNECTION_STRING,
            resource=otlp.resource(instance.current()),
            logger_name=otlp.LOGGER,
            # The distribution's own sampler lets five traces a second pass: a run must not be missing.
            sampling_ratio=1.0,
            # The host reports these itself, for the whole instance.
            enable_live_metrics=False,
            enable_performance_counters=False,
            # Django's requests are the host's requests; the rest would report every call that the worker makes.
            instrumentation_options={name: {"enabled": False} for name in _instrumented()},
        )


def _instrumented() -> tuple[str, ...]:
    """What the distribution instruments by default."""
    from azure.monitor.opentelemetry._constants import _ALL_SUPPORTED_INSTRUMENTED_LIBRARIES

    return tuple(_ALL_SUPPORTED_INSTRUMENTED_LIBRARIES)


@contextmanager
def _logs_left_to(*, host: bool) -> Iterator[None]:
    """The host sends what its handler gets, unless it is configured to let the worker do it: each line once.

    The distribution takes this from the environment alone. It is put back: a command's own telemetry reads it too.
    """
    before = os.environ.get("OTEL_LOGS_EXPORTER")
    if host:
        os.environ["OTEL_LOGS_EXPORTER"] = "none"
    try:
        yield
    finally:
        if before is None:
            os.environ.pop("OTEL_LOGS_EXPORTER", None)
        else:
            os.environ["OTEL_LOGS_EXPORTER"] = before


def _flag(name: str) -> bool:
    """As the worker library reads its flags."""
    return os.environ.get(name, "").lower() in {"1", "true", "t", "yes", "y"}
