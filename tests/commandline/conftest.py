"""A server that stands in for the API: it answers as a test says, and knows what it was asked."""

import json
import socket
import struct
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from jobs.commandline.afar import client
from jobs.commandline.afar.main import main

TOKEN = "nsk_a-test.token_1234567890"


class Asked:
    """One request."""

    def __init__(self, handler):
        self.method, self.path = handler.command, handler.path
        self.headers = dict(handler.headers)
        length = int(handler.headers.get("Content-Length") or 0)
        self.body = json.loads(handler.rfile.read(length)) if length else None


@contextmanager
def a_server(answer):
    """`answer(asked)` gives a status, a body and perhaps headers; None breaks the connection off."""
    requests = []

    class Handler(BaseHTTPRequestHandler):
        def handle_any(self):
            requests.append(asked := Asked(self))
            found = answer(asked)
            if found is None:
                # Reset, as by a proxy that dies.
                self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.connection.close()
                return
            status, body, *headers = found
            data = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.send_response(status)
            for name, value in (headers[0] if headers else {}).items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_GET = do_POST = do_PUT = do_DELETE = handle_any

        def log_message(self, *_):
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_):
            pass

    server = Server(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", requests
    finally:
        server.shutdown()
        server.server_close()


@pytest.fixture
def server():
    return a_server


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(client, "PAUSES", (0.01,))
    monkeypatch.setattr(client, "PATIENCE", 5.0)
    monkeypatch.setenv("NIGHTSHIFT_TOKEN", TOKEN)
    for name in ("NIGHTSHIFT_URL", "NIGHTSHIFT_RESOURCE", "http_proxy", "HTTP_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def nightshift(capfdbinary):
    """`nightshift --url …` with these words: its exit code, stdout and stderr."""

    def run(*words):
        code = main(words)
        said = capfdbinary.readouterr()
        return code, said.out.decode(), said.err.decode()

    return run
