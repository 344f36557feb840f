"""Secrets stay out of what is kept and shown."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import chain
from urllib.parse import unquote

from jobs.declarations import Job

MASK = b"********"
SENSITIVE = re.compile(
    # With the last one a process of the app gets a token of its identity.
    r"SECRET|PASSWORD|PASSWD|_PWD$|TOKEN|CREDENTIAL|CONNECTION_?STRING|OTLP_HEADERS|(?:^|_)(?:KEY|SAS)(?:$|_)|IDENTITY_HEADER",
    re.I,
)
# In a connection string a value goes on to a semicolon; in PostgreSQL's to a space, and in a URL's query to an &.
CONNECTION_KEY = re.compile(
    r"\b(?:AccountKey|SharedAccessKey|SharedAccessSignature|Password|Pwd|sig)\s*=\s*(([^;&\s]*)[^;]*)", re.I
)
URL_PASSWORD = re.compile(r"://[^:/@\s]*:([^/?#\s]+)@")
# A shorter value would mask half of all output.
SHORTEST = 6


def of_environment() -> list[str]:
    """What is secret in the environment: variables whose names say so, and the passwords in all others."""
    found = []
    for name, value in os.environ.items():
        if SENSITIVE.search(name):
            found.append(value)
        found += _passwords(value)
    return [secret for secret in found if len(secret) >= SHORTEST]


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
        # The environment may hold bytes that are no UTF-8.
        values = {os.fsencode(secret) for secret in secrets if len(secret) >= SHORTEST}
        # The longest first: one secret may begin with another.
        ordered = sorted(values, key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, ordered))) if ordered else None
        self._beginnings = {value[:length] for value in values for length in range(1, len(value))}
        self._longest = max(map(len, values), default=1)
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What can be shown now. An end that might begin a secret is held until more comes."""
        if self._pattern is None:
            return data
        data = self._held + data
        shown, place, undecided = bytearray(), 0, self._undecided(data, 0)
        for secret in self._pattern.finditer(data):
            # A longer secret may begin here or before, and take this one in.
            if secret.start() >= undecided:
                break
            shown += data[place : secret.start()] + MASK
            place = secret.end()
            if place > undecided:
                undecided = self._undecided(data, place)
        self._held = data[undecided:]
        return bytes(shown + data[place:undecided])

    def _undecided(self, data: bytes, start: int) -> int:
        """Where, from `start` on, an end of the data begins that more of it could make a secret."""
        for length in range(min(self._longest - 1, len(data) - start), 0, -1):
            if data[-length:] in self._beginnings:
                return len(data) - length
        return len(data)

    def whole(self, text: str) -> str:
        """All of a text without the secrets, beside what is fed."""
        return self._pattern.sub(MASK, text.encode()).decode() if self._pattern else text

    def end(self) -> bytes:
        """What was held."""
        held, self._held = self._held, b""
        return self._pattern.sub(MASK, held) if self._pattern else held
