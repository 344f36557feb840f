"""What is checked while it goes on: a run whose supervisor is gone must not stay `running`."""

import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.chaos import SCALE, TICK, journal, processes
from tests.chaos.database import Database
from tests.chaos.history import Violation
from tests.chaos.hosts import Host

# Beyond lease and tick, in seconds: for the work itself, and for a machine with little time.
ALLOWED = 5 + 5
# Where no host has reached the database for a while, supervisors get time to renew, and one tick more has to come.
SETTLING = 30 / SCALE + TICK


class Watch(threading.Thread):
    """Looks each second. Only time counts in which some host and the database were able to work.

    `is_quiet` says whether the database itself is left alone at this moment.
    """

    def __init__(self, database: Database, hosts: list[Host], file: Path, is_quiet: Callable[[], bool]) -> None:
        super().__init__(daemon=True)
        self.database = database
        self.hosts = hosts
        self.file = file
        self.is_quiet = is_quiet
        self.counts: Counter[str] = Counter()
        self.violations: list[Violation] = []
        self.ended = threading.Event()
        self._overdue: Counter[tuple[int, int]] = Counter()
        self._told: set[tuple[int, int]] = set()
        self._able_since: float | None = None

    def run(self) -> None:
        last = time.monotonic()
        while not self.ended.wait(1):
            now = time.monotonic()
            passed, last = min(now - last, 2), now
            for host in self.hosts:
                host.look_after()
            if not self._can_work(now):
                continue
            with suppress(psycopg.Error):
                self._look(passed)

    def _can_work(self, now: float) -> bool:
        able = any(host.is_able() for host in self.hosts)
        quiet = self.is_quiet() and self.database.is_up
        if not (able and quiet):
            self._able_since = None
            return False
        if self._able_since is None:
            self._able_since = now
        return now - self._able_since > SETTLING

    def _look(self, passed: float) -> None:
        with self.database.connect(options="-c statement_timeout=3000", application_name="chaos") as connection:
            found = connection.execute(
                "SELECT id, attempt, job, clock_timestamp() - lease_expires_at FROM nightshift_run"
                " WHERE status = 'running' AND lease_expires_at < clock_timestamp()"
            ).fetchall()
        self.counts["looks at expired leases"] += 1
        expired = {(run, attempt): (job, since) for run, attempt, job, since in found}
        for key in self._overdue.keys() - expired.keys():
            del self._overdue[key]
        for key, (job, since) in expired.items():
            self._overdue[key] += passed
            if self._overdue[key] > TICK + ALLOWED and key not in self._told and not self._is_alive(*key):
                self._told.add(key)
                text = (
                    f"run {key[0]} of {job}, attempt {key[1]}: its lease ran out {since.total_seconds():.0f} s ago, "
                    f"for {self._overdue[key]:.0f} s of which a host and the database were able to work"
                )
                self.violations.append(Violation(kind="stays running", text=text, runs=(key[0],)))

    def _is_alive(self, run: int, attempt: int) -> bool:
        return any(
            processes.exists(execution.pid)
            for execution in journal.read(self.file)
            if (execution.run, execution.attempt) == (run, attempt)
        )
