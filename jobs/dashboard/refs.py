"""A job in the buttons of the list of jobs: seven letters instead of its name, which 500 rows would write three times
more.
"""

from base64 import urlsafe_b64encode
from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2s

from jobs.reading.board import KEPT


@lru_cache(KEPT)
def ref(name: str) -> str:
    """The same in every process and release."""
    return urlsafe_b64encode(blake2s(name.encode(), digest_size=6).digest()).decode()[:7]


def named(sent: str, names: Iterable[str]) -> str:
    """The one of these jobs that a form is about; what was sent where it is a name itself, or nothing known.

    Two jobs with the same letters are never mixed up: a form has neither then.
    """
    found = [name for name in names if sent in (name, ref(name))]
    return found[0] if len(found) == 1 else sent
