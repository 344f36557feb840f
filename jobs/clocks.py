"""The clocks of this machine beside the database's, by which all moments are recorded: they may disagree."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from jobs.formats import format_duration

# Two clocks that differ by less agree: an NTP client keeps to milliseconds.
TOLERANCE = timedelta(seconds=2)
# CLOCK_BOOTTIME also counts while the machine is suspended; macOS's monotonic clock does so under its own name.
_BOOTTIME = getattr(time, "CLOCK_BOOTTIME", time.CLOCK_MONOTONIC)


def since_boot() -> float:
    """Seconds since the machine started, by a clock that nobody sets, which also counts while it is suspended.

    All processes of a machine share it, and no test moves it. Fences are counted by it: a lease expires while a machine
    sleeps.
    """
    return time.clock_gettime(_BOOTTIME)


def elapsed() -> float:
    """The same, for what one process compares with the database's clock: a test that moves that one moves this too."""
    return since_boot()


def wall() -> datetime:
    """This machine's own clock, which is the host's too."""
    return datetime.now(UTC)


@dataclass(frozen=True, kw_only=True, slots=True)
class Reading:
    """The database's clock as it was at some moment between `sent` and `received`, by this machine's clocks."""

    at: datetime
    sent: float
    received: float
    sent_at: datetime
    received_at: datetime

    @property
    def ahead(self) -> timedelta:
        """How far the database's clock is ahead of this machine's, at least; below zero where it is behind."""
        return _beyond(self.at, self.sent_at, self.received_at)

    def jumped_since(self, earlier: "Reading") -> timedelta:
        """How far the database's clock was set ahead between two readings, at least; below zero where back."""
        least = earlier.at + timedelta(seconds=self.sent - earlier.received)
        most = earlier.at + timedelta(seconds=self.received - earlier.sent)
        return _beyond(self.at, least, most)


def read(ask: Callable[[], datetime]) -> Reading:
    """Ask for the database's clock, and note when that was by this machine's clocks."""
    sent, sent_at = elapsed(), wall()
    at = ask()
    return Reading(at=at, sent=sent, received=elapsed(), sent_at=sent_at, received_at=wall())


def seconds(duration: timedelta) -> str:
    """How long it is, whichever way it goes, to the second: 4 min."""
    return format_duration(timedelta(seconds=round(abs(duration.total_seconds()))))


def difference(reading: Reading) -> str:
    """In a sentence, that the two clocks differ; empty where they agree."""
    if abs(reading.ahead) <= TOLERANCE:
        return ""
    here = "behind" if reading.ahead > timedelta(0) else "ahead of"
    return (
        f"This host's clock is {seconds(reading.ahead)} {here} the database's, by which jobs are due: timers fire "
        f"{'late' if here == 'behind' else 'early'}. Let both keep time by NTP."
    )


def _beyond(moment: datetime, least: datetime, most: datetime) -> timedelta:
    """How far the moment lies outside of [least, most]; zero within."""
    return max(moment - most, timedelta(0)) + min(moment - least, timedelta(0))
