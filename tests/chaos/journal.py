"""The journal: lines that commands append to a file of their own accord, so that it needs no database to be true."""

import json
import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

# Seconds between two signs of life.
PULSE = 0.2


def write(what: str, job: str, **more: Any) -> None:
    """Append a line, in one write, and have it on the disk unless it is a mere sign of life."""
    record = {
        "what": what,
        "job": job,
        "run": int(os.environ["JOBS_RUN"]),
        "attempt": int(os.environ["JOBS_ATTEMPT"]),
        "pid": os.getpid(),
        "boot": time.clock_gettime(time.CLOCK_BOOTTIME),
        **more,
    }
    file = os.open(os.environ["CHAOS_JOURNAL"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(file, json.dumps(record).encode() + b"\n")
        if what != "alive":
            os.fsync(file)
    finally:
        os.close(file)


@dataclass(kw_only=True)
class Execution:
    """One process that executed an attempt. Moments are CLOCK_BOOTTIME; `exit_code` is None where it came to no end."""

    run: int
    attempt: int
    job: str
    pid: int
    host: str = ""
    pulses: list[float] = field(default_factory=list)
    exit_code: int | None = None
    stopped: bool = False

    @property
    def begin(self) -> float:
        return self.pulses[0]

    @property
    def last_seen(self) -> float:
        return self.pulses[-1]

    def __str__(self) -> str:
        return f"run {self.run}, attempt {self.attempt} of {self.job} (pid {self.pid} on {self.host})"


def read(file: Path) -> list[Execution]:
    """The executions, in the order of their beginnings."""
    found: dict[tuple[int, int, int], Execution] = {}
    if not file.exists():
        return []
    for line in file.read_text().splitlines():
        record = json.loads(line)
        key = record["run"], record["attempt"], record["pid"]
        if record["what"] == "start" or key not in found:
            found[key] = Execution(
                run=key[0], attempt=key[1], job=record["job"], pid=key[2], host=record.get("host", "")
            )
        execution = found[key]
        execution.pulses.append(record["boot"])
        if record["what"] == "end":
            execution.exit_code = record["exit"]
        execution.stopped |= record["what"] == "stopped"
    return list(found.values())
