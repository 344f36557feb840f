"""What the peers' tasks do."""

import os
import subprocess
import time
from pathlib import Path

from django.core.management import call_command


def noop() -> None:
    call_command("noop")


def stay(started: str) -> None:
    """Start a process of its own and stay for minutes; the file gets a line of both ids for each start."""
    child = subprocess.Popen(["sleep", "300"])
    with Path(started).open("a") as file:
        file.write(f"{os.getpid()} {child.pid}\n")
    time.sleep(300)
