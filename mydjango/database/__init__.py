"""Where the database is: DATABASE_URL, with a password or an Entra token; or with LOCAL=1 an embedded PostgreSQL."""

from typing import Any

from jobs.beside.database import by_entra, from_url

__all__ = ["by_entra", "embedded", "from_url"]


def embedded() -> dict[str, Any]:
    """Django's settings for the embedded PostgreSQL, which starts at the first connection."""
    return {"ENGINE": "mydjango.database.embedded", "NAME": "postgres", "CONN_MAX_AGE": 60, "CONN_HEALTH_CHECKS": True}
