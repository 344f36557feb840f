"""What settings need in Azure, where Terraform sets the variables that are read here, and on a laptop."""

import os
from collections.abc import MutableMapping
from typing import Any

from jobs.beside.database import by_entra
from jobs.declarations import app_settings
from jobs.setting import TRUE

# The function app is reached by TLS alone, whatever the project's own site does. What a project sets stays.
BY_TLS = {
    # TLS ends at Azure's front end, which sets this header and drops one that a client sends.
    "SECURE_PROXY_SSL_HEADER": ("HTTP_X_FORWARDED_PROTO", "https"),
    "SECURE_SSL_REDIRECT": True,
    "SECURE_HSTS_SECONDS": 31_536_000,
    "SECURE_HSTS_INCLUDE_SUBDOMAINS": True,
    "SECURE_HSTS_PRELOAD": True,
    "SESSION_COOKIE_SECURE": True,
    "CSRF_COOKIE_SECURE": True,
}


def for_a_deployment(settings: MutableMapping[str, Any]) -> None:
    """Hosts and TLS. Raises UnreadSecret for a key that wasn't read."""
    app_settings.as_read("SECRET_KEY", str(settings.get("SECRET_KEY", "")))
    for name, value in BY_TLS.items():
        settings.setdefault(name, value)
    host = os.environ.get("WEBSITE_HOSTNAME")  # Azure says under which name it serves the app
    _add(settings, "ALLOWED_HOSTS", [*_words("ALLOWED_HOSTS"), *([host] if host else [])])
    _add(settings, "CSRF_TRUSTED_ORIGINS", [*_words("CSRF_TRUSTED_ORIGINS"), *([f"https://{host}"] if host else [])])


def for_a_laptop(settings: MutableMapping[str, Any]) -> None:
    _add(settings, "ALLOWED_HOSTS", ["localhost", "127.0.0.1", "[::1]"])


def by_identity(settings: MutableMapping[str, Any]) -> None:
    """With DATABASE_ENTRA=1 the default database is that of DATABASE_URL, by an Entra identity's token."""
    if os.environ.get("DATABASE_ENTRA", "").lower() in TRUE:
        database = by_entra(os.environ.get("DATABASE_URL", ""))
        settings["DATABASES"] = {**settings.get("DATABASES", {}), "default": database}


def _add(settings: MutableMapping[str, Any], name: str, values: list[str]) -> None:
    theirs = settings.get(name, ())
    settings[name] = [*theirs, *(value for value in values if value not in theirs)]


def _words(variable: str) -> list[str]:
    return [word.strip() for word in os.environ.get(variable, "").split(",") if word.strip()]
