"""Secrets stay out of what is kept and shown."""

import os
import re
from collections.abc import Iterable, Sequence

from jobs.declarations import Job

MASK = b"********"
SENSITIVE = re.compile(
    r"SECRET|PASSWORD|PASSWD|TOKEN|CREDENTIAL|CONNECTION_?STRING|OTLP_HEADERS|(?:^|_)(?:KEY|SAS)(?:$|_)", re.I
)
CONNECTION_KEY = re.compile(r"(?:AccountKey|SharedAccessKey|SharedAccessSignature)=([^;]+)", re.I)
# A shorter value would mask half of all output.
SHORTEST = 6


def of_environment() -> list[str]:
    """The values of the environment's variables whose names say that they are secret."""
    found = [value for name, value in os.environ.items() if SENSITIVE.search(name)]
    for value in os.environ.values():
        # A connection string of Azure's, whatever its variable is called: only its key is secret.
        found += [key for key in CONNECTION_KEY.findall(value) if len(key) >= SHORTEST]
    if password := re.search(r"://[^:/@]*:([^@]+)@", os.environ.get("DATABASE_URL", "")):
        found.append(password[1])
    return found


def of_arguments(job: Job, arguments: Sequence[str]) -> list[str]:
    """The values of the options that the job declares secret: `--token X` and `--token=X`."""
    found: list[str] = []
    for place, word in enumerate(arguments):
        option, equals, value = word.partition("=")
        if _is_secret(job, option):
            found += [value] if equals else list(arguments[place + 1 : place + 2])
    return found


def _is_secret(job: Job, option: str) -> bool:
    """argparse takes the beginning of a long option for the whole: `--tok` is `--token`."""
    return option in job.secrets or (
        len(option) > 2 and any(secret.startswith("--") and secret.startswith(option) for secret in job.secrets)
    )


def mask(text: str, secrets: Iterable[str] | None = None) -> str:
    """The text without the secrets; without those of the environment where none are named."""
    masker = Masker(of_environment() if secrets is None else secrets)
    return (masker.feed(text.encode()) + masker.end()).decode()


def hide(job: Job, arguments: Sequence[str]) -> list[str]:
    """The arguments as a person may see them."""
    secret = set(of_arguments(job, arguments))
    mask = MASK.decode()
    return [
        mask
        if word in secret
        else f"{word.partition('=')[0]}={mask}"
        if "=" in word and word.partition("=")[2] in secret
        else word
        for word in arguments
    ]


class Masker:
    """Replaces secrets in a stream of bytes, also where one straddles two pieces of it."""

    def __init__(self, secrets: Iterable[str]) -> None:
        values = {secret.encode() for secret in secrets if len(secret) >= SHORTEST}
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

    def end(self) -> bytes:
        """What was held."""
        held, self._held = self._held, b""
        return self._pattern.sub(MASK, held) if self._pattern else held
