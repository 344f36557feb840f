"""Processes as /proc shows them, whatever their names."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from jobs import procfs
from jobs.ledger import instance
from tests.helpers.processes import until

# The kernel lets a program call itself anything, 15 bytes at most.
RENAMED = """
import ctypes, sys
ctypes.CDLL(None).prctl(15, b"x) Z 1 \\xff", 0, 0, 0)
print(flush=True)
sys.stdin.read()
"""


@pytest.fixture
def oddly_named():
    process = subprocess.Popen([sys.executable, "-c", RENAMED], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    yield process
    process.kill()
    process.wait()


def test_a_process_has_a_parent_and_a_moment_at_which_it_started(oddly_named):
    found = procfs.stat(oddly_named.pid)
    assert found.parent == os.getpid()
    assert int(found.started) >= int(procfs.stat(os.getpid()).started)
    assert not found.has_ended


def test_a_process_whose_name_is_no_text_can_be_asked_whether_it_is_dead(oddly_named):
    namespace = instance.current().supervisor.split("/")[0]
    supervisor = f"{namespace}/{oddly_named.pid}/{procfs.stat(oddly_named.pid).started}"
    assert not instance.is_dead(supervisor)
    oddly_named.stdin.close()
    until(lambda: procfs.stat(oddly_named.pid).has_ended)
    assert instance.is_dead(supervisor)


def test_of_no_process_nothing_is_said(oddly_named):
    oddly_named.kill()
    oddly_named.wait()
    assert procfs.stat(oddly_named.pid) is None


def test_the_file_is_read_in_one_place():
    jobs = Path(procfs.__file__).parent
    readers = [file.name for file in jobs.rglob("*.py") if '/stat"' in file.read_text()]
    assert readers == ["procfs.py"]
