"""A server that leaves without a word, as a machine that loses its power: no packet comes back, not even a refusal."""

import os
import shutil
import socket
import subprocess
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager

import psycopg
import pytest
from psycopg.generators import fetch

from mydjango import database
from tests.helpers.postgres import Server

pytestmark = pytest.mark.skipif(
    os.geteuid() != 0 or not shutil.which("iptables"),
    reason="Only root can drop packets, with iptables: run the tests as root, and apt-get install iptables.",
)


@pytest.fixture
def port():
    """A server's port on the loopback."""
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder, socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
        free.close()
        server = Server(f"{folder}/postgres")
        server.stop()
        server.start(f"-h 127.0.0.1 -p {port}")
        yield port
        server.stop()
        server.start()
        server.remove()


@contextmanager
def silence(port):
    rule = ["INPUT", "-i", "lo", "-p", "tcp", "--dport", str(port), "-j", "DROP"]
    done = subprocess.run(["iptables", "-w", "-I", *rule], capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"iptables refuses here; a container needs the capability NET_ADMIN: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["iptables", "-w", "-D", *rule], check=True)


@pytest.fixture
def connections(port):
    url = f"postgresql://postgres@127.0.0.1:{port}/postgres"
    opened = [psycopg.connect(url, autocommit=True, **database.from_url(url)["OPTIONS"]) for _ in range(2)]
    yield opened
    for connection in opened:
        connection.close()


def seconds_until_it_fails(ask):
    began = time.monotonic()
    with pytest.raises(psycopg.OperationalError):
        ask()
    return time.monotonic() - began


def test_a_silent_server_is_noticed_long_before_a_lease_runs_out(connections, port):
    asked_before, asked_after = connections
    asked_before.pgconn.send_query(b"SELECT pg_sleep(60)")
    questions = [lambda: asked_before.wait(fetch(asked_before.pgconn)), lambda: asked_after.execute("SELECT 1")]
    with silence(port), ThreadPoolExecutor() as threads:
        took = list(threads.map(seconds_until_it_fails, questions))
    assert max(took) < 40
