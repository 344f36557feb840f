"""Microsoft's distribution against a server on this machine in the place of Application Insights."""

import datetime
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from jobs.choices import Trigger
from jobs.models import Attempt, Run
from tests.telemetry.collector import Collector

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
INVOCATION = "00f067aa0ba902b7"
# As the host writes it where Application Insights doesn't sample its own call.
TRACEPARENT = f"00-{TRACE}-{INVOCATION}-00"


@pytest.fixture
def quiet():
    """What the distribution would tell Microsoft of itself, over the internet."""
    return {
        "APPLICATIONINSIGHTS_STATSBEAT_DISABLED_ALL": "true",
        "APPLICATIONINSIGHTS_CONTROLPLANE_DISABLED": "true",
        "APPLICATIONINSIGHTS_SDKSTATS_DISABLED": "true",
    }


def points_to(collector):
    key = "00000000-0000-0000-0000-000000000001"
    connection = f"InstrumentationKey={key};IngestionEndpoint={collector.url}/;LiveEndpoint={collector.url}/"
    return {"APPLICATIONINSIGHTS_CONNECTION_STRING": connection}


@pytest.fixture
def call():
    run = Run.objects.create(job="surroundings", trigger=Trigger.API, requested_by="a test")
    return {"message": run.pk, "traceparent": TRACEPARENT}


def test_a_run_is_a_request_below_the_hosts_invocation(work, collector, quiet, call):
    told = work(call, **points_to(collector), **quiet)
    (envelope,) = collector.envelopes("RequestData")
    assert envelope["tags"]["ai.operation.id"] == TRACE == Attempt.objects.get().trace_id
    assert envelope["tags"]["ai.operation.parentId"] == INVOCATION
    data = envelope["data"]["baseData"]
    assert (data["name"], data["success"]) == ("run surroundings", True)
    assert data["properties"]["nightshift.job"] == "surroundings"
    assert data["properties"]["nightshift.status"] == "succeeded"
    names = {
        metric["name"] for sent in collector.envelopes("MetricData") for metric in sent["data"]["baseData"]["metrics"]
    }
    assert {"nightshift.runs", "nightshift.attempt.duration", "nightshift.runs.active"} <= names
    run = f"run={call['message']} job=surroundings attempt=1"
    assert {f"started {run}", f"ended {run} status=succeeded"} <= set(told["lines"]), "as without telemetry"
    assert not any("Request URL" in line for line in told["lines"]), "the exporter's own requests are no news"
    assert '"opentelemetry": []' in Run.objects.get().result, "the child's process has none of it"
    assert not any(collector.authorizations)


def test_log_lines_are_left_to_the_host(work, collector, quiet, call):
    work(call, **points_to(collector), **quiet)
    assert collector.envelopes("MessageData") == []


def test_log_lines_are_sent_from_here_where_the_host_was_asked_to(work, collector, quiet, call):
    work(call, PYTHON_ENABLE_OPENTELEMETRY="1", **points_to(collector), **quiet)
    (request,) = collector.envelopes("RequestData")
    lines = {sent["data"]["baseData"]["message"]: sent["tags"] for sent in collector.envelopes("MessageData")}
    tags = lines[f"started run={call['message']} job=surroundings attempt=1"]
    assert tags["ai.operation.id"] == TRACE
    assert tags["ai.operation.parentId"] == request["data"]["baseData"]["id"]


def test_a_worker_that_set_up_azure_monitor_itself_is_left_alone(work, collector, quiet, call):
    work(call, PYTHON_APPLICATIONINSIGHTS_ENABLE_TELEMETRY="1", **points_to(collector), **quiet)
    assert len(collector.envelopes("RequestData")) == 1


@pytest.fixture
def certificate(tmp_path):
    """A certificate of this machine's own, for 127.0.0.1."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.datetime.now(datetime.UTC)
    signed = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    pem = serialization.Encoding.PEM
    file = tmp_path / "certificate.pem"
    plain = key.private_bytes(pem, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(plain + signed.public_bytes(pem))
    return file


def test_with_managed_identity_a_token_goes_along(work, collector, quiet, call, certificate):
    """The token comes from the App Service's endpoint, which the collector stands in for."""
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(certificate)
    with Collector(tls) as ingestion:
        work(
            call,
            APPLICATIONINSIGHTS_AUTHENTICATION_STRING="Authorization=AAD",
            IDENTITY_ENDPOINT=f"{collector.url}/msi/token",
            IDENTITY_HEADER="a-header",
            REQUESTS_CA_BUNDLE=str(certificate),
            **points_to(ingestion),
            **quiet,
        )
    assert len(ingestion.envelopes("RequestData")) == 1
    assert set(ingestion.authorizations) == {"Bearer a-token"}
