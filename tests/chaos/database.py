"""PostgreSQL on a small disk of its own, which can crash, freeze and fill up."""

import atexit
import os
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psycopg

from tests.helpers.postgres import Server

ROOT = Path(__file__).resolve().parents[2]
DISK = "400m"


class Database:
    """`url` is for the harness and operators, `socket` for the proxies. Only a disk that `is_small` can be filled."""

    def __init__(self, folder: Path) -> None:
        self.disk = folder / "disk"
        self.disk.mkdir()
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", f"size={DISK},mode=755", "chaos", self.disk], capture_output=True, text=True
        )
        self.is_small = mounted.returncode == 0
        self.why_not = mounted.stderr.strip()
        # Whatever fails from here on: the server's own handler, which is later here, runs before.
        atexit.register(self._unmount)
        self.server = Server(str(self.disk / "postgres"))
        self.url = self.server.url
        self.socket = f"{self.server.socket_dir}/.s.PGSQL.5432"
        self.is_up = True
        # A small log of changes: a full disk is met soon. No crash here takes the machine with it.
        with self.server.connect() as connection:
            connection.execute("ALTER SYSTEM SET max_wal_size = '48MB'")
            connection.execute("ALTER SYSTEM SET min_wal_size = '32MB'")
            connection.execute("ALTER SYSTEM SET log_min_messages = 'fatal'")
            connection.execute("SELECT pg_reload_conf()")
        subprocess.run(
            [sys.executable, "manage.py", "migrate", "--verbosity", "0"],
            cwd=ROOT,
            env=os.environ | self.environment(),
            check=True,
        )

    def environment(self) -> dict[str, str]:
        """What a process of the project needs that talks to the server without a proxy."""
        return {"DATABASE_URL": self.url, "DJANGO_SETTINGS_MODULE": "tests.chaos.settings", "LOCAL": "1"}

    def connect(self, **options: Any) -> psycopg.Connection:
        return psycopg.connect(self.url, autocommit=True, connect_timeout=5, **options)

    def crash(self) -> None:
        self.is_up = False
        with suppress(subprocess.SubprocessError):  # a full disk may have ended it before us
            self.server.stop()

    def start(self) -> None:
        """Start it, again and again where the disk is still full or a recovery takes its time."""
        for _ in range(60):
            try:
                self.server.start()
                break
            except subprocess.SubprocessError:
                if self._answers():
                    break
                time.sleep(1)
        else:
            raise RuntimeError(f"PostgreSQL doesn't start: {(self.server.folder / 'log').read_text()[-2000:]}")
        self.is_up = True

    def ensure_up(self) -> None:
        if not self._answers():
            self.crash()
            self.start()

    def _answers(self) -> bool:
        with suppress(psycopg.Error):
            with self.connect() as connection:
                return connection.execute("SELECT 1").fetchone() is not None
        return False

    def fill_disk(self) -> None:
        with suppress(OSError), open(self.disk / "ballast", "wb") as ballast:
            while True:
                ballast.write(b"\0" * (1 << 20))

    def empty_disk(self) -> None:
        (self.disk / "ballast").unlink(missing_ok=True)

    def backends(self) -> list[int]:
        """The sessions of clients that came by a proxy."""
        with suppress(psycopg.Error), self.connect(options="-c statement_timeout=3000") as connection:
            found = connection.execute(
                "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()"
                " AND application_name <> 'chaos'"
            )
            return [pid for (pid,) in found.fetchall()]
        return []

    def remove(self) -> None:
        self.empty_disk()
        self.server.remove()

    def _unmount(self) -> None:
        if self.is_small:
            subprocess.run(["umount", "--lazy", self.disk], check=True)
