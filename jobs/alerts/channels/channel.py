"""What every channel has in common."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from jobs.alerts.message import Message
from jobs.sentences import Sentence


@dataclass(frozen=True, slots=True)
class Answer:
    """What a channel's server said. `done`: it has the message. `gone`: it refuses for good (404, 410, 401 of a revoked
    key, SMTP 550). Else it may be tried again, not before `after`.
    """

    done: bool
    text: str  # one masked line, 500 characters at most, shown on the incident
    gone: bool = False
    after: timedelta | None = None  # of Retry-After


class Channel(Protocol):
    """A way to reach somebody, as an entry of JOBS_CHANNELS says."""

    name: str

    def send(self, message: Message, *, delivery_id: str, timeout: timedelta) -> Answer:
        """Send it, within this time. Never raises for what a server does.

        A message that is tried again has the same `delivery_id`.
        """
        ...

    def shown(self) -> str:
        """Where it goes, secrets masked: "webhook https://hooks.example.com/…"."""
        ...


class BadChannel(Sentence):
    """JOBS_CHANNELS[{channel!r}]: {flaw}

    But for its kind no value of the entry is said: it may be secret.
    """

    def __init__(self, channel: str, flaw: str) -> None:
        super().__init__(channel=channel, flaw=flaw)


def check_keys(name: str, config: Mapping[str, str], needed: Mapping[str, str], optional: Collection[str] = ()) -> None:
    """Raises BadChannel where a key that is needed is missing, or one is there that the kind doesn't know.

    `needed` says of each key what to write.
    """
    for key, how in needed.items():
        if not config.get(key):
            raise BadChannel(name, f"{key!r} is missing. {how}")
    known = ["kind", *needed, *optional]
    if unknown := [key for key in config if key not in known]:
        raise BadChannel(name, f"{unknown[0]!r} is not known. This kind takes {', '.join(map(repr, known[1:]))}.")
