"""A TCP proxy in front of PostgreSQL's socket: what a host knows of the network. It runs in a thread of the harness."""

import asyncio
import socket
import threading
from contextlib import suppress

PASS = "pass"
CUT = "cut"  # connections are reset, new ones too
SWALLOW = "swallow"  # what is sent is acknowledged by the kernel and arrives nowhere, either way
DEAF = "deaf"  # statements arrive, their answers don't
HALF_OPEN = "half open"  # the host's side is reset, the server's session stays as it is
DELAY = "delay"  # each packet is late


class Proxy:
    """Listens on a port of its own. `mode` may be set from any thread; connections that lost bytes never recover."""

    def __init__(self, upstream: str) -> None:
        self.upstream = upstream
        self.delay = 0.2
        self._mode = PASS
        self._clients: set[asyncio.StreamWriter] = set()
        self._kept: list[asyncio.StreamWriter] = []
        listening = socket.create_server(("127.0.0.1", 0))
        self.port = listening.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._loop.create_task(self._serve(listening))
        threading.Thread(target=self._loop.run_forever, daemon=True).start()

    @property
    def mode(self) -> str:
        return self._mode

    @mode.setter
    def mode(self, mode: str) -> None:
        self._loop.call_soon_threadsafe(self._change, mode)

    def _change(self, mode: str) -> None:
        self._mode = mode
        if mode in {CUT, HALF_OPEN}:
            for client in self._clients:
                client.transport.abort()
        if mode == PASS:
            for server in self._kept:
                server.transport.abort()
            self._kept.clear()

    async def _serve(self, listening: socket.socket) -> None:
        await asyncio.start_server(self._connect, sock=listening)

    async def _connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._mode in {CUT, HALF_OPEN}:
            writer.transport.abort()
            return
        try:
            up_reader, up_writer = await asyncio.open_unix_connection(self.upstream)
        except OSError:
            writer.transport.abort()
            return
        self._clients.add(writer)
        up = asyncio.create_task(self._pump(reader, up_writer, upwards=True))
        down = asyncio.create_task(self._pump(up_reader, writer, upwards=False))
        await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        self._clients.discard(writer)
        if self._mode == HALF_OPEN and not down.done():
            self._kept.append(up_writer)
            down.cancel()
        else:
            for task in (up, down):
                task.cancel()
            up_writer.transport.abort()
        writer.transport.abort()

    async def _pump(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, upwards: bool) -> None:
        lossy = False
        with suppress(OSError):
            while data := await reader.read(65536):
                if self._mode == DELAY:
                    await asyncio.sleep(self.delay)
                lossy |= self._mode == SWALLOW or (self._mode == DEAF and not upwards)
                if not lossy:
                    writer.write(data)
                    await writer.drain()
