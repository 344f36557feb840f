"""A proxy before a server's Unix socket that can swallow what passes: the kernel acknowledges, and nobody answers."""

import socket
import tempfile
import threading
from contextlib import suppress
from urllib.parse import quote


class Proxy:
    """`url` leads to the server of `socket_dir` by way of this proxy, as `application`."""

    def __init__(self, server, application):
        self._target = f"{server.socket_dir}/.s.PGSQL.5432"
        self._folder = tempfile.TemporaryDirectory()
        self.url = f"postgresql://postgres@/postgres?host={quote(self._folder.name)}&application_name={application}"
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(f"{self._folder.name}/.s.PGSQL.5432")
        self._listener.listen(100)
        self._open = []
        self._swallowed = set()
        threading.Thread(target=self._accept, daemon=True).start()

    def swallow(self):
        """From now on the connections that are open lead nowhere; new ones pass."""
        self._swallowed.update(self._open)

    def close(self):
        self._listener.close()
        for ends in self._open:
            for end in ends:
                end.close()
        self._folder.cleanup()

    def _accept(self):
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                server = socket.socket(socket.AF_UNIX)
                server.connect(self._target)
                ends = (client, server)
                self._open.append(ends)
                for source, target in (ends, ends[::-1]):
                    threading.Thread(target=self._pump, args=[ends, source, target], daemon=True).start()

    def _pump(self, ends, source, target):
        with suppress(OSError):
            while data := source.recv(65536):
                if ends not in self._swallowed:
                    target.sendall(data)
            target.shutdown(socket.SHUT_WR)
