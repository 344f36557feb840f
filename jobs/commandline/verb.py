"""What all commands of an operator have: help, arguments, and what they do with a ledger."""

from abc import ABC, abstractmethod
from argparse import ArgumentParser
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, ClassVar

from jobs.commandline.ledger import Ledger, Refusal
from jobs.commandline.moments import UnreadableEnd, end
from jobs.commandline.out import Out

UNTIL = "30m, 2h, 3d, or a time in the job's time zone: 2026-01-31T02:00."


class Verb(ABC):
    """One command, whether its ledger is here or afar."""

    help: ClassVar[str]

    @abstractmethod
    def add_arguments(self, parser: ArgumentParser) -> None: ...

    @abstractmethod
    def handle(self, ledger: Ledger, out: Out, *arguments: Any, **options: Any) -> None:
        """Raises Refusal."""


def ending(ledger: Ledger, job: str | None, option: str, text: str | None) -> datetime | None:
    """The moment that an option names, by the job's clock, or without a job by the ledger's. Raises Refusal."""
    if text is None:
        return None
    zone = ledger.zone(job) if job else ledger.now().tzinfo
    try:
        return end(text, zone, ledger.clock())
    except UnreadableEnd as error:
        raise Refusal(f"{option}: {error}") from None


def until(ledger: Ledger, job: str, ends_at: datetime | None) -> str:
    """An end as a sentence has it: " until 2026-01-31 02:00 Asia/Tokyo"."""
    if ends_at is None:
        return ""
    zone = ledger.zone(job)
    return f" until {ends_at.astimezone(zone):%Y-%m-%d %H:%M} {zone.key}"


def chosen(ledger: Ledger, names: list[str], all: bool) -> list[str]:
    """The names of the jobs that were chosen. Raises Refusal where none is, or one is unknown."""
    if bool(names) == all:
        raise Refusal("Give the names of jobs, or --all. `manage.py jobs` lists them.")
    if all:
        return [job["name"] for job in ledger.jobs()]
    if len(names) > 1:  # before anything is done
        for name in names:
            ledger.zone(name)
    return names


def each[T](chosen: Iterable[T], act: Callable[[T], None]) -> None:
    """Act on each: one that is refused keeps no other from it. Raises Refusal with the sentences of all that were."""
    refused: list[str] = []
    for one in chosen:
        try:
            act(one)
        except Refusal as refusal:
            refused.append(str(refusal))
    if refused:
        raise Refusal("\n".join(refused))
