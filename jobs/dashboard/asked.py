"""What forms send: moments of a zone's clock, stretches of time, words of a command line."""

import shlex
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from django.http import HttpRequest

from jobs.sentences import Sentence


class UnreadableMoment(Sentence, ValueError):
    """{text!r} is not a date with a time. Write it as 2026-01-31T02:00."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class UnreadableWords(Sentence, ValueError):
    """The arguments can't be read: {why}. Close each quote."""

    def __init__(self, why: ValueError) -> None:
        super().__init__(why=str(why).lower())


def text(request: HttpRequest, name: str, length: int = 300) -> str:
    """What a form sent in a field of one line, without blanks around it."""
    sent = request.POST if request.method == "POST" else request.GET
    return sent.get(name, "").strip()[:length]


def number(request: HttpRequest, name: str) -> int | None:
    """A row's number; None where there is none."""
    value = text(request, name)
    return int(value) if value.isdecimal() and len(value) <= 18 else None


def moment(value: str, zone: ZoneInfo) -> datetime | None:
    """By the zone's clock unless it says another; None where nothing was sent. Raises UnreadableMoment."""
    if not value:
        return None
    try:
        found = datetime.fromisoformat(value)
        found = found if found.tzinfo else found.replace(tzinfo=zone)
        # Local time can't be computed at the ends of the calendar.
        if ":" not in value or not 1900 <= found.year <= 9000:
            raise ValueError
        # A time that the clock jumps over equals none of another zone, until it is in UTC.
        return found.astimezone(UTC)
    except ValueError:
        raise UnreadableMoment(value) from None


def words(value: str) -> list[str]:
    """As a shell would split them. Raises UnreadableWords."""
    try:
        return shlex.split(value)
    except ValueError as error:
        raise UnreadableWords(error) from None


def field(found: datetime | None, zone: ZoneInfo) -> str:
    """A moment as an input of a form has it."""
    return f"{found.astimezone(zone):%Y-%m-%dT%H:%M:%S}" if found else ""
