"""Real servers on loopback: HTTP that answers as a test says, and SMTP that accepts, refuses or hangs."""

import asyncio
import email
import email.policy
import json
import socket
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import NamedTuple

from aiosmtpd.controller import Controller


class Asked(NamedTuple):
    method: str
    path: str
    headers: dict
    body: bytes

    @property
    def json(self):
        return json.loads(self.body)


class HttpServer:
    """`answer` is called with the handler for each request, after this is in `asked`."""

    def __init__(self, answer, host="127.0.0.1", port=0, tls=None):
        self.asked, self.answer = [], answer
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def handle_request(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                outer.asked.append(Asked(self.command, self.path, dict(self.headers), body))
                with suppress(OSError):  # whoever asked has gone
                    outer.answer(self)

            do_GET = do_POST = handle_request

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer((host, port), Handler)
        self._server.daemon_threads, self._server.block_on_close = True, False
        if tls:
            self._server.socket = tls.wrap_socket(self._server.socket, server_side=True)
        self.port = self._server.server_address[1]
        self.url = f"http://{host}:{self.port}/hooks/secret-of-the-url"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


def says(status, body=b"", **headers):
    def answer(handler):
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return answer


def hangs(handler):
    """Nothing comes, and the connection stays until whoever asked goes."""
    handler.rfile.read(1)


def slowly(data, pause):
    """One byte after the other, so that no read of a socket ever waits for long."""

    def answer(handler):
        for place in range(len(data)):
            handler.wfile.write(data[place : place + 1])
            handler.wfile.flush()
            threading.Event().wait(pause)

    return answer


@contextmanager
def smtp_server(refused=(), answer="250 OK", delay=0.0, asked=None):
    """Gives the port and the list of letters that come. `refused` has what it says to a recipient, by address.

    `asked` is an event that is set when a letter has come, before the delay.
    """
    letters = []

    class Handler:
        async def handle_RCPT(self, server, session, envelope, address, options):
            if address in dict(refused):
                return dict(refused)[address]
            envelope.rcpt_tos.append(address)
            return "250 OK"

        async def handle_DATA(self, server, session, envelope):
            if asked:
                asked.set()
            await asyncio.sleep(delay)
            letters.append((envelope.rcpt_tos, email.message_from_bytes(envelope.content, policy=email.policy.default)))
            return answer

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(Handler(), hostname="127.0.0.1", port=port)
    controller.start()
    try:
        yield port, letters
    finally:
        controller.stop()
