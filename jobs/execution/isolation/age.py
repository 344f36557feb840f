"""How old a loaded process may be: `TODAY = date.today()` in a module is computed once, when the module is imported."""

from datetime import UTC, date, datetime, tzinfo
from zoneinfo import ZoneInfo

from django.conf import settings

from jobs import clocks
from jobs.conf import conf

# So long before the end, in seconds, a successor is started, but no sooner than when this share of the age is left.
LEAD = 60.0
LEAD_SHARE = 0.1


class Age:
    """How old a process that is started now will be, and by which day's clocks it was loaded."""

    def __init__(self) -> None:
        self._began = clocks.since_boot()
        self._zones = _zones()
        self._days = self._today()

    def is_too_old(self) -> bool:
        """Whether no run may start from it: it was loaded on another day, somewhere, or too long ago."""
        return self._seconds() >= conf.JOBS_FORK_SERVER_MAX_AGE or self._today() != self._days

    def left(self) -> float:
        """In how many seconds a successor is to be started."""
        if self.is_too_old():
            return 0.0
        most = conf.JOBS_FORK_SERVER_MAX_AGE
        return max(0.0, min(most - min(LEAD, most * LEAD_SHARE) - self._seconds(), self._until_midnight()))

    def _seconds(self) -> float:
        return clocks.since_boot() - self._began

    def _today(self) -> list[date]:
        now = utc_now()
        return [now.astimezone(zone).date() for zone in self._zones]

    def _until_midnight(self) -> float:
        """A lower bound: zones change their clocks by whole minutes, and a look too early costs nothing."""
        now = utc_now()
        seconds = (now.astimezone(zone) for zone in self._zones)
        return min(86400 - (at.hour * 3600 + at.minute * 60 + at.second + at.microsecond / 1e6) for at in seconds)


def utc_now() -> datetime:
    return datetime.now(UTC)


def _zones() -> list[tzinfo]:
    """The zones in which a day may begin for some job."""
    from jobs.declarations.registry import registry

    names = {settings.TIME_ZONE or "UTC", *(job.schedule.zone.key for job in registry.scheduled() if job.schedule)}
    return [UTC, *(ZoneInfo(name) for name in sorted(names))]
