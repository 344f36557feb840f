"""The values that a declaration is given, whatever they are: nothing here raises."""

from collections.abc import Iterable, Mapping
from typing import Any

# No more letters of a value than this are shown.
LONGEST = 200


def words(given: Any) -> tuple[Any, ...]:
    """One word may be written without a list around it."""
    is_list = isinstance(given, Iterable) and not isinstance(given, str | bytes | Mapping)
    return tuple(given) if is_list else (given,)


def shown(value: object) -> str:
    """The value as Python writes it, cut where it is long. No value makes this raise."""
    try:
        text = repr(value)
    except Exception:  # noqa: BLE001 — a value's own code, and a number of 5,000 digits has no repr either
        return f"a value of type {type(value).__name__} that has no repr()"
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def is_text(value: Any) -> bool:
    """Neither the database nor a command line takes a NUL, or half of a surrogate pair."""
    if not isinstance(value, str) or "\0" in value:
        return False
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True
