"""A collector on this machine: an HTTP server that takes OTLP in protobuf, and what Application Insights is sent."""

import gzip
import json
import threading
from collections import defaultdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from opentelemetry.proto.collector.logs.v1.logs_service_pb2 import ExportLogsServiceRequest
from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


class Collector:
    """Listens while it is entered. `tls` is an SSLContext, where clients are to come by https."""

    def __init__(self, tls=None):
        self.bodies = defaultdict(list)
        self.authorizations = []
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                if self.headers.get("content-encoding") == "gzip":
                    body = gzip.decompress(body)
                collector.authorizations.append(self.headers.get("authorization"))
                collector.bodies[self.path].append(body)
                answer = b""
                if "track" in self.path:
                    count = len(json.loads(body))
                    answer = json.dumps({"itemsReceived": count, "itemsAccepted": count, "errors": []}).encode()
                self._answer(answer)

            def do_GET(self):
                # The App Service's endpoint for managed identities.
                token = {"access_token": "a-token", "expires_on": "4102444800", "resource": "r", "token_type": "Bearer"}
                self._answer(json.dumps(token).encode())

            def _answer(self, body):
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.scheme = "https" if tls else "http"
        if tls:
            self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)

    def __enter__(self):
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self):
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}"

    def spans(self):
        return [
            span
            for resource in self._resources("traces", ExportTraceServiceRequest, "resource_spans")
            for scope in resource.scope_spans
            for span in scope.spans
        ]

    def logs(self):
        return [
            record
            for resource in self._resources("logs", ExportLogsServiceRequest, "resource_logs")
            for scope in resource.scope_logs
            for record in scope.log_records
        ]

    def metrics(self):
        """The latest points of each metric by its name."""
        found = {}
        for resource in self._resources("metrics", ExportMetricsServiceRequest, "resource_metrics"):
            for scope in resource.scope_metrics:
                for metric in scope.metrics:
                    found[metric.name] = list(getattr(metric, metric.WhichOneof("data")).data_points)
        return found

    def services(self):
        """What the senders say of themselves."""
        return [
            attributes(resource.resource)
            for resource in self._resources("traces", ExportTraceServiceRequest, "resource_spans")
        ]

    def _resources(self, signal, message, name):
        return [
            resource for body in self.bodies[f"/v1/{signal}"] for resource in getattr(message.FromString(body), name)
        ]

    def envelopes(self, kind):
        """What Application Insights was sent: RequestData, MessageData, MetricData."""
        sent = [
            envelope
            for path, bodies in self.bodies.items()
            if "track" in path
            for body in bodies
            for envelope in json.loads(body)
        ]
        return [envelope for envelope in sent if envelope["data"]["baseType"] == kind]


def attributes(message):
    """The attributes of a span, a point or a resource."""
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value")) for pair in message.attributes}
