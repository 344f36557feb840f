"""Times and durations as an operator types them."""

import re
from datetime import UTC, datetime, timedelta, tzinfo
from zoneinfo import ZoneInfo

from jobs.sentences import Sentence

TIME = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)(?::([0-5]\d))?")
UNITS = {"d": "days", "h": "hours", "m": "minutes", "min": "minutes", "s": "seconds"}
DURATION = re.compile(r"(?:\d+(?:d|h|min|m|s))+")
DAY = timedelta(days=1)


class UnreadableMoment(Sentence, ValueError):
    """{text!r} is not a date or time. Write 2026-01-31T02:00 or, for the latest such time, 02:00."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class UnreadableEnd(Sentence, ValueError):
    """{text!r} is not a time or duration. Write a duration like 30m, 2h or 3d, or a time like 2026-01-31T02:00."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


class UnreadablePast(Sentence, ValueError):
    """{text!r} is not a time. Write 2026-01-31T02:00, 02:00 for the latest such time, or 2h or 3d for so long ago."""

    def __init__(self, text: str) -> None:
        super().__init__(text=text)


def moment(text: str, zone: ZoneInfo, now: datetime) -> datetime:
    """An ISO date-time, by the zone's clock unless it says another; or a time of day, and then the latest such one.

    Raises UnreadableMoment.
    """
    if time := TIME.fullmatch(text):
        return _latest(now.astimezone(zone), *(int(part or 0) for part in time.groups()))
    found = _iso(text, zone)
    if found is None:
        raise UnreadableMoment(text)
    return found


def end(text: str, zone: tzinfo | None, now: datetime) -> datetime:
    """A time in the future: an ISO date-time, or a duration from now (30m, 2h, 1d12h).

    Raises UnreadableEnd.
    """
    if DURATION.fullmatch(text):
        try:
            return now + _duration(text)
        except (OverflowError, ValueError):  # ValueError: more digits than int() reads
            raise UnreadableEnd(text) from None
    found = _iso(text, zone)
    if found is None:
        raise UnreadableEnd(text)
    return found


def past(text: str, now: datetime) -> datetime:
    """An ISO date-time or time of day, by the clock of `now`'s zone; or a duration, and then so long ago.

    Raises UnreadablePast.
    """
    try:
        if DURATION.fullmatch(text):
            return (now - _duration(text)).astimezone(UTC)
    except (OverflowError, ValueError):
        raise UnreadablePast(text) from None
    if time := TIME.fullmatch(text):
        return _latest(now, *(int(part or 0) for part in time.groups()))
    found = _iso(text, now.tzinfo)
    if found is None:
        raise UnreadablePast(text)
    return found


def _duration(text: str) -> timedelta:
    parts = re.findall(r"(\d+)([a-z]+)", text)
    return sum((timedelta(**{UNITS[unit]: int(amount)}) for amount, unit in parts), timedelta(0))


def _iso(text: str, zone: tzinfo | None) -> datetime | None:
    # A date alone would be read as its midnight, which is probably not intended.
    if ":" not in text:
        return None
    try:
        found = datetime.fromisoformat(text)
        found = found if found.tzinfo else found.replace(tzinfo=zone)
        # Local time can't be computed at the ends of the calendar.
        return found.astimezone(UTC) if 1900 <= found.year <= 9000 else None
    except ValueError:
        return None


def _latest(local: datetime, hour: int, minute: int, second: int) -> datetime:
    at = local.replace(hour=hour, minute=minute, second=second, microsecond=0, fold=0)
    # A wall clock's yesterday, not 24 hours ago.
    found = at if at <= local else at - DAY
    # A time that the clock jumps over equals none of another zone, until it is in UTC.
    return found.astimezone(UTC)
