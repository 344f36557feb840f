"""A database by DATABASE_URL, with a password or, where DATABASE_ENTRA is on, an Entra token."""

from typing import Any

from django.core.exceptions import ImproperlyConfigured
from psycopg import ProgrammingError
from psycopg.conninfo import conninfo_to_dict

DJANGO_NAMES = {"dbname": "NAME", "user": "USER", "password": "PASSWORD", "host": "HOST", "port": "PORT"}
# A server that leaves without a word, as in a failover, is noticed after 20 s: the kernel alone takes a quarter of an
# hour, longer than any lease. The URL may say otherwise. In seconds, the last in milliseconds.
PATIENCE = {
    "connect_timeout": 10,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 2,
    "tcp_user_timeout": 20_000,
}


def from_url(url: str) -> dict[str, Any]:
    """Django's settings for a libpq URL such as postgresql://user:password@host:5432/name?sslmode=require.

    Raises ImproperlyConfigured where libpq can't read it.
    """
    try:
        found = conninfo_to_dict(url)
    except ProgrammingError:
        # The URL may hold a password: it stays out of the message.
        raise ImproperlyConfigured(
            "DATABASE_URL can't be read. Write it as postgresql://user:password@host:5432/name."
        ) from None
    settings: dict[str, Any] = {
        "ENGINE": "django.db.backends.postgresql",
        # A worker's threads live for days and the server doesn't: a connection is tried before it is used again.
        "CONN_MAX_AGE": 60,
        "CONN_HEALTH_CHECKS": True,
        "OPTIONS": dict(PATIENCE),
    }
    for name, value in found.items():
        if name in DJANGO_NAMES:
            settings[DJANGO_NAMES[name]] = str(value)
        else:
            settings["OPTIONS"][name] = value
    return settings


def by_entra(url: str) -> dict[str, Any]:
    """Django's settings for a libpq URL without a password: an Entra token takes its place at each new connection.

    Raises ImproperlyConfigured where the URL has a password, or names no user.
    """
    settings = from_url(url)
    if "PASSWORD" in settings:
        raise ImproperlyConfigured("DATABASE_ENTRA is 1, and DATABASE_URL has a password. Take it out of the URL.")
    if "USER" not in settings:
        raise ImproperlyConfigured(
            "DATABASE_ENTRA is 1, and DATABASE_URL names no user. Write the role that `manage.py grant_identity` made: "
            "postgresql://role@host:5432/name."
        )
    # A token must not travel in the clear.
    return settings | {"ENGINE": "jobs.azure.postgresql", "OPTIONS": {"sslmode": "require"} | settings["OPTIONS"]}
