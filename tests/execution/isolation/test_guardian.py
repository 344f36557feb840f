"""A guardian alone with its child, in a process of their own."""

import subprocess
import sys

GUARD = """
import os, socket, time

from jobs import clocks
from jobs.execution.isolation import guardian as guardians
from jobs.execution.isolation import system

worker, control = socket.socketpair()
system.adopt_orphans()
asked, requests = socket.socketpair()
guardian = guardians.Guardian(requests, guardians._wake_on_sigchld(), control, clocks.since_boot() + 60)
guardian.say({"obeyed": "an order"})
worker.close()  # with the answer unread: the other end is reset
guardian._process = os.fork()
if not guardian._process:
    time.sleep(50)
    os._exit(0)
guardian.guard()
print(guardian._wait_status, system.children(os.getpid()))
"""


def test_a_guardian_ends_its_tree_though_the_worker_was_killed_before_it_read_an_answer():
    done = subprocess.run([sys.executable, "-c", GUARD], capture_output=True, text=True, timeout=40)
    assert (done.stdout, done.stderr) == ("9 []\n", "")
