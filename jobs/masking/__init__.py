"""Masks secrets in everything that is stored or shown."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from urllib.parse import unquote

from jobs.declarations.job import Job
from jobs.masking.needles import Needles
from jobs.masking.secret_forms import SHORTEST, forms
from jobs.secret_names import is_common, is_known_kind, is_sensitive

MASK = b"********"
# In a connection string a value goes on to a semicolon; in PostgreSQL's to a space, and in a URL's query to an &.
CONNECTION_KEY = re.compile(
    r"\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|sig)\s*=\s*(([^;&\s]*)[^;]*)", re.I
)
URL_PASSWORD = re.compile(r"://[^:/@\s]*:([^/?#\s]+)@")


def of_environment() -> list[str]:
    """What is secret in the environment: variables whose names or looks say so, and the passwords in all others."""
    return list(_of_variables(tuple(os.environ.items())))


# Each run asks, and the environment hardly ever changes.
@lru_cache(maxsize=4)
def _of_variables(variables: tuple[tuple[str, str], ...]) -> tuple[str, ...]:
    found = []
    for name, value in variables:
        if is_sensitive(name) or is_known_kind(value):
            found.append(value)
        found += _passwords(value)
    return tuple(secret for secret in found if len(secret.strip()) >= SHORTEST and not is_common(secret))


def _passwords(text: str) -> Iterator[str]:
    """What is secret in a URL or a connection string, as it stands there and as a program reads it."""
    for found in (*URL_PASSWORD.findall(text), *chain.from_iterable(CONNECTION_KEY.findall(text))):
        for secret in (found, found.strip("'\"")):
            yield from (secret, unquote(secret))


def of_arguments(job: Job, arguments: Sequence[str]) -> list[str]:
    """The values of the options that the job declares secret: `--token X`, `--token=X`, `-t X` and `-tX`."""
    found: list[str] = []
    for place, word in enumerate(arguments):
        option, equals, value = word.partition("=")
        if _is_secret(job, option):
            found += [value] if equals else list(arguments[place + 1 : place + 2])
        elif _is_short(word) and word[:2] in job.secrets:
            found.append(word[2:])
    return found


def _is_short(word: str) -> bool:
    return len(word) > 2 and word[0] == "-" and word[1] != "-"


def _is_secret(job: Job, option: str) -> bool:
    """argparse takes the beginning of a long option for the whole: `--tok` is `--token`."""
    return option in job.secrets or (
        len(option) > 2 and any(secret.startswith("--") and secret.startswith(option) for secret in job.secrets)
    )


def mask(text: str, secrets: Iterable[str] | None = None) -> str:
    """The text without the secrets; without those of the environment where none are named."""
    return Masker(of_environment() if secrets is None else secrets).whole(text)


def hide(job: Job, arguments: Sequence[str]) -> list[str]:
    """The arguments as a person may see them."""
    secret = set(of_arguments(job, arguments))
    mask = MASK.decode()

    def shown(word: str) -> str:
        option, equals, value = word.partition("=")
        if word in secret:
            return mask
        if equals and value in secret:
            return f"{option}={mask}"
        return word[:2] + mask if _is_short(word) and word[2:] in secret else word

    return [shown(word) for word in arguments]


class Masker:
    """Replaces secrets in a stream of bytes, also where one straddles two pieces of it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._needles = _needles(frozenset(secrets))
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What can be shown now. An end that might begin a secret is held until more comes."""
        if not self._needles:
            return data
        data = self._held + data
        shown, read = self._needles.replace(data, MASK, more=True)
        self._held = data[read:]
        return shown

    def whole(self, text: str) -> str:
        """All of a text without the secrets, beside what is fed."""
        return self._needles.replace(text.encode(), MASK, more=False)[0].decode() if self._needles else text

    def beginning(self, text: str) -> str:
        """The text without the secrets, and without an end that might begin one: the text was cut there."""
        return self._needles.replace(text.encode(), MASK, more=True)[0].decode() if self._needles else text

    def end(self) -> bytes:
        """What was held."""
        held, self._held = self._held, b""
        return self._needles.replace(held, MASK, more=False)[0] if self._needles else held


# An attempt has a masker for each stream, and the next attempt's secrets are mostly the same.
@lru_cache(maxsize=8)
def _needles(secrets: frozenset[str]) -> Needles:
    return Needles(set().union(*map(forms, secrets)))
