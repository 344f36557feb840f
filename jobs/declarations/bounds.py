"""How much is kept of what a run says about itself besides its output. Both the child and its supervisor hold to it."""

import json
from collections.abc import Iterable
from typing import Any

# In characters. The run's row has the beginning of what its attempt's row has: lists show many runs.
LONGEST_ERROR = 8_000
LONGEST_ERROR_OF_A_RUN = 1_000
LONGEST_MESSAGE = 1_000
# In bytes of JSON, and in lists within lists. A longer result is left out: a run's row is no place for data.
LONGEST_RESULT = 64 * 1024
DEEPEST_RESULT = 50
# In bytes, all of a run's arguments together: every list of runs shows them.
LONGEST_ARGUMENTS = 16 * 1024
# PostgreSQL's integer.
LARGEST_COUNT = 2**31 - 1


def cut(text: str, most: int) -> str:
    """The text, or its beginning and that it was cut."""
    return text if len(text) <= most else f"{text[:most]}{cut_note(most)}"


def cut_note(most: int) -> str:
    return f" … (cut after {most:,} characters)"


def text_of(value: object) -> str:
    """What `str` gives, or that it gives nothing: a command's own objects may raise anything in it."""
    try:
        return str(value)
    except Exception:  # noqa: BLE001 — a job's own code
        return "its text can't be printed"


def arguments_are_too_long(words: Iterable[str]) -> str:
    """In a sentence, that these arguments are longer than is kept; empty where they aren't."""
    length = sum(len(word.encode(errors="surrogatepass")) for word in words)
    if length <= LONGEST_ARGUMENTS:
        return ""
    return f"The arguments are {length:,} bytes long, and {LONGEST_ARGUMENTS:,} at most. Put more into a file."


def plain(value: object) -> bool | float | str | None:
    """A number as it is, everything else as a text of bounded length."""
    if value is None or isinstance(value, bool | float) or (isinstance(value, int) and abs(value) < 2**63):
        return value
    return text_of(value)[: LONGEST_MESSAGE + 1]


def result(value: object) -> Any:
    """A result as JSON carries it, or a sentence on why it was left out."""
    try:
        try:
            text = json.dumps(value)
        except (TypeError, ValueError):
            text = json.dumps(str(value))
        if len(text) > LONGEST_RESULT:
            return f"The result was left out: {len(text):,} bytes are more than {LONGEST_RESULT:,}."
        found = json.loads(text)
    except RecursionError:
        return _TOO_DEEP
    except Exception:  # noqa: BLE001 — a job's own code
        return f"The result was left out: its {type(value).__name__} can't be written as JSON or text."
    return _TOO_DEEP if _is_deeper(found, DEEPEST_RESULT) else found


_TOO_DEEP = f"The result was left out: it is nested deeper than {DEEPEST_RESULT} levels."


def _is_deeper(value: object, levels: int) -> bool:
    if not isinstance(value, list | dict):
        return False
    within = value.values() if isinstance(value, dict) else value
    return levels == 0 or any(_is_deeper(item, levels - 1) for item in within)
