"""A host: `manage.py functions` in a process of its own, with a proxy, a release and a clock."""

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from tests.chaos import processes, skew
from tests.chaos.database import ROOT, Database
from tests.chaos.proxy import PASS, Proxy

APP = Path(__file__).parent / "app"
READY = "Ctrl-C stops it."


class Host:
    """`troubles` names what the harness does to it at the moment; without any it is expected to do its work."""

    def __init__(self, number: int, folder: Path, database: Database, mark: str) -> None:
        self.name = f"host-{number}"
        self.folder = folder
        self.log = folder / f"{self.name}.log"
        self.mark = mark
        self.proxy = Proxy(database.socket)
        self.url = f"postgresql://postgres@127.0.0.1:{self.proxy.port}/postgres?connect_timeout=2&tcp_user_timeout=2000"
        self.release = 1
        self.skew = 0
        self.troubles: set[str] = set()
        self.process: subprocess.Popen[bytes] | None = None
        self.is_wanted = False
        self.surprises: list[str] = []
        # Each life's release, begin and end, by CLOCK_BOOTTIME.
        self.lives: list[tuple[int, float, float]] = []
        self._lock = threading.RLock()  # faults and the watch both start and end it

    def start(self) -> None:
        with self._lock:
            self._start()

    def _start(self) -> None:
        skewed = {"LD_PRELOAD": str(skew.library(self.folder)), "CHAOS_SKEW": str(self.skew)}
        name, _, value = self.mark.partition("=")
        self.log_begins = self.log.stat().st_size if self.log.exists() else 0
        with self.log.open("ab") as log:
            log.write(f"--- starts: release {self.release}, clock {self.skew:+d} s\n".encode())
            self.process = subprocess.Popen(
                [
                    *(sys.executable, "manage.py", "functions", "--skip-checks", "--port", "0"),
                    *("--app", str(APP), "--state", str(self.folder / f"{self.name}-state")),
                ],
                cwd=ROOT,
                env=os.environ
                | (skewed if self.skew else {})
                | {
                    "DATABASE_URL": self.url,
                    "DJANGO_SETTINGS_MODULE": "tests.chaos.settings",
                    "LOCAL": "1",
                    "PYTHONUNBUFFERED": "1",
                    "PYTHONFAULTHANDLER": "1",
                    "PYTHONPATH": str(ROOT),
                    "WEBSITE_INSTANCE_ID": self.name,
                    "JOBS_RELEASE": str(self.release),
                    "JOBS_MAX_RUNNING": "8",
                    "JOBS_JOURNAL": str(self.folder / f"{self.name}-ends"),
                    "CHAOS_HOST": self.name,
                    "CHAOS_JOURNAL": str(self.folder / "journal.jsonl"),
                    name: value,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        self.is_wanted = True
        self.begin = time.clock_gettime(time.CLOCK_BOOTTIME)

    def _note_life(self) -> None:
        self.lives.append((self.release, self.begin, time.clock_gettime(time.CLOCK_BOOTTIME)))

    def tree(self) -> processes.Tree:
        return processes.tree(self.mark, self.process.pid) if self.is_alive() and self.process else processes.Tree()

    def is_alive(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def is_ready(self) -> bool:
        """Whether it has come up since it was last started."""
        if not self.is_alive():
            return False
        with self.log.open("rb") as log:
            log.seek(self.log_begins)
            return READY.encode() in log.read()

    def is_able(self) -> bool:
        return not self.troubles and self.proxy.mode == PASS and self.is_ready()

    def kill(self) -> None:
        with self._lock:
            self.is_wanted = False
            if self.process:
                if self.is_alive():
                    self._note_life()
                self.process.kill()
                self.process.wait()

    def stop(self) -> None:
        """As a deployment does: SIGTERM, and SIGKILL after ten seconds."""
        with self._lock:
            self.is_wanted = False
            if not self.is_alive():
                return
            assert self.process
            self._note_life()
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.surprises.append(f"{self.name} didn't end within 10 s of SIGTERM")
                # Its log then says what each thread was doing.
                self.process.send_signal(signal.SIGABRT)
                with suppress(subprocess.TimeoutExpired):
                    self.process.wait(2)
                self.kill()

    def look_after(self) -> None:
        """Start it again where it ended by itself, which no fault of ours makes it do."""
        with self._lock:
            if not self.is_wanted or self.is_alive():
                return
            assert self.process
            code = self.process.returncode
            tail = self.log.read_text(errors="replace")[-400:].strip().splitlines()
            self.surprises.append(f"{self.name} ended by itself with {code} at {time.strftime('%T')}: {tail[-1:]}")
            self.start()
