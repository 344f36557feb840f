#!/usr/bin/env python3.13
"""Stands in for Azure's host, as container/init.py sees it: starts the worker as its child, and hears signals.

HOST_WORKER   the worker's command, as JSON; without it the host ends at once
HOST_GROUP    own: the worker gets a process group of its own. The real host leaves it in its own group
HOST_STOPS    drains (default): its handler of SIGTERM sleeps for ten minutes and stops nothing, as the real one's does
              with FUNCTIONS_ENABLE_DRAIN_ON_APP_STOPPING; ends: it ends with 0
HOST_ORPHANS  how many orphans to leave behind; tells how many zombies there are then
HOST_ENDS     the exit code, or the negative number of the signal, that it ends by without a worker
"""

import json
import os
import signal
import subprocess
import sys
import time


def stop(number, frame):
    print("host: SIGTERM", flush=True)
    if os.environ.get("HOST_STOPS") == "ends":
        os._exit(0)
    time.sleep(600)


def zombies():
    found = 0
    for name in filter(str.isdecimal, os.listdir("/proc")):
        try:
            with open(f"/proc/{name}/stat") as stat:
                found += stat.read().rpartition(")")[2].split()[0] == "Z"
        except OSError:
            pass
    return found


signal.signal(signal.SIGTERM, stop)
signal.signal(signal.SIGHUP, lambda *_: print("host: SIGHUP", flush=True))
print(f"host: started by {os.getppid()} with {sys.argv[1:]}", flush=True)
if orphans := int(os.environ.get("HOST_ORPHANS", 0)):
    for _ in range(orphans):
        subprocess.run(["sh", "-c", "sleep 0.2 & true"], check=True)
    time.sleep(1)
    print(f"host: {zombies()} zombies", flush=True)
if "HOST_WORKER" in os.environ:
    group = 0 if os.environ.get("HOST_GROUP") == "own" else None
    worker = subprocess.Popen(json.loads(os.environ["HOST_WORKER"]), process_group=group)
    print(f"host: the worker ended with {worker.wait()}", flush=True)
    time.sleep(600)
ends = int(os.environ.get("HOST_ENDS", 0))
if ends < 0:
    os.kill(os.getpid(), -ends)
sys.exit(ends)
