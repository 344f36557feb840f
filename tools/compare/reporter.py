"""Where Sentry's SDK sends its events to: a server on this machine that keeps them."""

import gzip
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self


class Reporter:
    """Takes envelopes while the block lasts. `dsn` is its address, as SDKs write it."""

    def __init__(self) -> None:
        events = self._events = []  # type: list[str]

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                if self.headers["Content-Encoding"] == "gzip":
                    body = gzip.decompress(body)
                events.extend(_exceptions(body))
                self.send_response(200)
                self.end_headers()
                self.wfile.write(b"{}")

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.dsn = f"http://key@127.0.0.1:{self._server.server_port}/1"

    def take(self) -> list[str]:
        """What has come since this was last called: the type of each exception, or a message."""
        taken, self._events[:] = list(self._events), []
        return taken

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self._server.shutdown()
        self._server.server_close()


def _exceptions(envelope: bytes) -> list[str]:
    found = []
    for line in envelope.split(b"\n"):
        try:
            item = json.loads(line)
        except ValueError:
            continue
        if isinstance(item, dict) and "exception" in item:
            found.append(item["exception"]["values"][-1]["type"])
        elif isinstance(item, dict) and "logentry" in item:
            found.append(item["logentry"]["message"])
    return found
