"""Regular expressions over a job's output: RE2's, whose time is bounded by the line's length.

With one of Python's `re`, a pattern like `(a+)+$` and one line of output would hold up a worker and its heartbeats.
"""

import re
from typing import Any, Protocol


class Pattern(Protocol):
    def search(self, line: bytes) -> Any:
        """Something true where it matches in this line of UTF-8."""


class Refused(ValueError):
    """RE2 doesn't take the pattern. `hint` says why where Python's `re` would; else it is empty."""

    def __init__(self, hint: str = "") -> None:
        super().__init__(hint)
        self.hint = hint


def compiled(pattern: str) -> Pattern:
    """Raises Refused."""
    # Only a job with such a rule needs it.
    import re2

    options = re2.Options()
    options.log_errors = False
    try:
        found: Pattern = re2.compile(pattern, options)
    except UnicodeEncodeError:
        raise Refused from None
    except re2.error as error:
        raise Refused(_hint(pattern, error.args[0].decode(errors="replace"))) from None
    return found


def _hint(pattern: str, why: str) -> str:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return ""
    return f"Write it without lookaround, backreferences and long repetitions, as RE2 needs it ({why})."
