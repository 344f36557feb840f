"""A local host with a worker, for what is measured from outside."""

import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.conf import settings
from django.db import connection

from benchmarks.database import libpq
from jobs.ledger.doorbell import CHANNEL
from tests.helpers.beside import url_of
from tests.localhost.hosts import LocalHost


@contextmanager
def local_host(**environment: str) -> Iterator[LocalHost]:
    """The project's own host, which executes what is due."""
    with tempfile.TemporaryDirectory() as folder:
        host = LocalHost(
            Path(folder),
            *("--app", str(settings.BASE_DIR)),
            LOCAL="1",
            DATABASE_URL=url_of(libpq()),
            DJANGO_SETTINGS_MODULE=os.environ["DJANGO_SETTINGS_MODULE"],
            PYTHONPATH=str(settings.BASE_DIR),
            SECRET_KEY="a-benchmarks",
            # Nobody reads what it prints: a full pipe would stop it.
            options={"stderr": None},
            **environment,
        )
        try:
            while not _listens():
                time.sleep(0.1)
            yield host
        finally:
            host.process.kill()
            host.process.wait()


def _listens() -> bool:
    with connection.cursor() as cursor:
        cursor.execute("SELECT FROM pg_stat_activity WHERE query = %s", [f"LISTEN {CHANNEL}"])
        return cursor.fetchone() is not None
