"""Where the project lies."""

from pathlib import Path

from django.conf import settings


def project() -> Path:
    """BASE_DIR of the settings, which may be a string; without it the current folder."""
    return Path(getattr(settings, "BASE_DIR", None) or Path.cwd())
