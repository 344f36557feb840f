"""What another scheduler runs: the jobs that can be declared, and the lines that can't, with the reason."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """A management command that another scheduler runs.

    `place` says where it stands ("line 7"), `text` is how it stands there. `expression` is NCRONTAB, None for a step.
    `options` are parameters of `declare`; `notes` say what was left out or differs.
    """

    place: str
    text: str
    command: str
    arguments: tuple[str, ...] = ()
    expression: str | None = None
    options: Mapping[str, str | int | timedelta] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    follows: bool = False  # the one found before, when that one succeeds


@dataclass(frozen=True, kw_only=True, slots=True)
class Refused:
    """An entry that no declaration says: where it stands, how, and why."""

    place: str
    text: str
    reason: str


@dataclass(kw_only=True, slots=True)
class Reading:
    """All that was found in one place. `notes` are about the whole of it."""

    found: list[Found] = field(default_factory=list)
    refused: list[Refused] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


class Untranslatable(ValueError):
    """Why an entry can't be declared, in one sentence."""


def free_name(job: Found, taken: set[str]) -> str:
    """A job's name that is free: the command's, or one with its arguments, or with a number.

    `taken` are names in lower case, and the name is added to them.
    """
    words = [word.lstrip("-").partition("=")[2] or word.lstrip("-") for word in job.arguments]
    slug = "_".join("".join(c if c.isascii() and c.isalnum() else "_" for c in word) for word in words[:3]).strip("_")
    candidates = [job.command, f"{job.command}_{slug}"[:100].rstrip("_")]
    candidates += [f"{job.command}_{number}" for number in range(2, len(taken) + 3)]
    name = next(name for name in candidates if name.lower() not in taken)
    taken.add(name.lower())
    return name
