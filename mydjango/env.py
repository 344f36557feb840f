"""Reading the environment. A value that can't be used stops the start with a sentence that names its variable.

Of `jobs` only what needs no settings is imported here: they load by it.
"""

import os
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from jobs.declarations import app_settings


def text(name: str, default: str | None = None) -> str:
    """The variable's text; `default` where it isn't set or is empty.

    Raises ImproperlyConfigured where there is neither, and UnreadSecret where App Service couldn't read it.
    """
    value = given(name) or default
    if value is None:
        raise ImproperlyConfigured(f"{name} is not set. Set it, or set LOCAL=1 to try the project on your own machine.")
    return value


def given(name: str) -> str | None:
    """The variable's text; None where it isn't set or is empty, so that the setting's own default holds.

    Raises UnreadSecret where it is a secret that App Service couldn't read.
    """
    return app_settings.secret(name) or None


def flag(name: str, default: bool = False) -> bool:
    """True for 1, true, yes, on; False for 0, false, no, off."""
    value = os.environ.get(name)
    if not value:
        return default
    if value.lower() in {"1", "true", "yes", "on"}:
        return True
    if value.lower() in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}. Write 1 or 0.")


def whole_number(name: str) -> int | None:
    """A whole number; None where the variable isn't set or is empty, so that the setting's own default holds."""
    value = os.environ.get(name)
    if not value:
        return None
    try:
        return int(value)
    except ValueError:
        raise ImproperlyConfigured(f"{name} is {value!r}. Write a whole number.") from None


def words(name: str, default: list[str] | None = None) -> list[str]:
    """The words of a list that commas divide."""
    value = os.environ.get(name)
    if not value:
        return default or []
    return [word.strip() for word in value.split(",") if word.strip()]


def origins(name: str) -> list[str]:
    """A list of origins, each with its scheme: https://jobs.example.com."""
    found = words(name)
    for origin in found:
        if urlsplit(origin).scheme not in {"http", "https"}:
            raise ImproperlyConfigured(f"{name} has {origin!r}. Write each origin with its scheme: https://{origin}")
    return found
