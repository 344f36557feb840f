"""Masks secrets in everything that is stored or shown."""

import os
import re
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain, takewhile
from urllib.parse import unquote

from jobs.declarations.job import Job
from jobs.masking.needles import Needles
from jobs.masking.secret_forms import SHORTEST, forms
from jobs.secret_names import is_common, is_known_kind, is_secret_option, is_sensitive, takes_several

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


def of_arguments(job: Job | None, arguments: Sequence[str]) -> list[str]:
    """The values of options that are named like a secret, or that the job declares secret: `--token X`, `-tX` …

    And what is secret by its looks: tokens of a known kind, passwords in URLs. Only the words are looked at: to show a
    run, no command is loaded.
    """
    return _of_words(job.secrets if job else (), arguments)


def _of_words(declared: Collection[str], arguments: Sequence[str]) -> list[str]:
    found: list[str] = []
    for place, word in enumerate(arguments):
        found += [word] if is_known_kind(word) else _passwords(word)
        option, equals, value = word.partition("=")
        by_name = is_secret_option(option)
        if by_name or _is_declared(declared, option):
            found += [value] if equals else _behind(option, arguments[place + 1 :], by_name)
        elif _is_short(word) and word[:2] in declared:
            found.append(word[2:])
    return found


def _behind(option: str, words: Sequence[str], by_name: bool) -> list[str]:
    """The words behind a secret option that are its values."""
    if not by_name:
        return list(words[:1])
    values = list(takewhile(lambda word: not word.startswith("-"), words))
    return values if takes_several(option) else values[:1]


def _is_short(word: str) -> bool:
    return len(word) > 2 and word[0] == "-" and word[1] != "-"


def _is_declared(declared: Collection[str], option: str) -> bool:
    """argparse takes the beginning of a long option for the whole: `--tok` is `--token`."""
    return option in declared or (
        len(option) > 2 and any(secret.startswith("--") and secret.startswith(option) for secret in declared)
    )


def mask(text: str, secrets: Iterable[str] | None = None) -> str:
    """The text without the secrets; without those of the environment where none are named."""
    return Masker(of_environment() if secrets is None else secrets).whole(text)


def hide(job: Job | None, arguments: Sequence[str], mask: str = MASK.decode()) -> list[str]:
    """The arguments as a person may see them. `job` is None where it is no longer declared."""
    return hide_words(job.secrets if job else (), arguments, mask)


def hide_words(declared: Collection[str], arguments: Sequence[str], mask: str = MASK.decode()) -> list[str]:
    """The same, where `declared` are the options that are secret."""
    secret = set(filter(None, _of_words(declared, arguments)))

    def shown(word: str) -> str:
        option, equals, value = word.partition("=")
        if word in secret:
            return mask
        if equals and value in secret:
            return f"{option}={mask}"
        if _is_short(word) and word[2:] in secret:
            return word[:2] + mask
        for within in _passwords(word):
            word = word.replace(within, mask)
        return word

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
