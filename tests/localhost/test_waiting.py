"""The local host starts while PostgreSQL is away: it waits, says so once, and comes up."""

import os
import signal
import subprocess
import sys
import tempfile
import time

import pytest
from django.conf import settings

from tests.helpers.postgres import Server
from tests.localhost.hosts import ROOT, LocalHost, start

PROJECT = {"LOCAL": "1", "DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(ROOT)}
AWAY = "PostgreSQL doesn't answer; waiting for it. Ctrl-C stops it."


@pytest.fixture
def server():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Server(f"{folder}/postgres")
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=settings.BASE_DIR,
            env=os.environ | PROJECT | {"DATABASE_URL": server.url},
            check=True,
        )
        yield server
        server.remove()


def waiting_host(tmp_path, url):
    process = start(tmp_path, "--app", str(ROOT), **PROJECT, DATABASE_URL=url)
    assert process.stdout.readline().startswith(AWAY)
    return process


@pytest.mark.timeout(180)
def test_it_comes_up_when_postgresql_does(server, tmp_path):
    server.stop()
    process = waiting_host(tmp_path, server.url)
    time.sleep(2.5)
    server.start()
    host = LocalHost.__new__(LocalHost)
    host.lines, host.process = [], process
    host.wait_for("Ctrl-C stops it.")
    assert host.lines[0] == "PostgreSQL answers."
    assert not host.wait_for(AWAY, times=0)
    host.stop()
    assert process.returncode == 0, host.error


def test_ctrl_c_ends_the_wait(tmp_path):
    process = waiting_host(tmp_path, "postgresql://nobody@127.0.0.1:1/none")
    os.killpg(process.pid, signal.SIGINT)
    _, error = process.communicate(timeout=60)
    assert (process.returncode, error.strip()) == (130, "CommandError: Stopped before PostgreSQL answered.")
