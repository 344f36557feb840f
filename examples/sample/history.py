"""What happened in the month: of each job how long it takes, what went wrong when, and who did something."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from jobs.choices import Status

SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1), timedelta(days=1))
MONTH = 31 * DAY
# Before now: the night in which the app was stopped, and when the latest release came.
STOPPED = (6 * DAY + 2 * HOUR, 6 * DAY + HOUR + 10 * MINUTE)
RELEASED = 9 * DAY

OK = (Status.SUCCEEDED, "")
TIMED_OUT = (Status.TIMED_OUT, "It was stopped at its timeout.")
LOST = (Status.LOST, "Its supervisor vanished: the lease ran out.")
type End = tuple[Status, str]


def failed(error: str) -> End:
    return (Status.FAILED, error)


# How a run ends: by how long ago it was due, how many occurrences came after it, and chance.
type Ends = Callable[[timedelta, int, Random], End]


def always_well(ago: timedelta, later: int, chance: Random) -> End:
    return OK


def seldom(error: str, share: float) -> Ends:
    return lambda ago, later, chance: failed(error) if later > 2 and chance.random() < share else OK


def invoices(ago: timedelta, later: int, chance: Random) -> End:
    return failed("smtplib.SMTPServerDisconnected: Connection unexpectedly closed") if later < 3 else OK


def backup(ago: timedelta, later: int, chance: Random) -> End:
    return TIMED_OUT if later in {11, 24} else OK


def search(ago: timedelta, later: int, chance: Random) -> End:
    return LOST if later == 0 else OK


def forecast(ago: timedelta, later: int, chance: Random) -> End:
    return failed("ValueError: no prices for the day before") if later in {1, 3, 4, 7, 10, 11, 15} else OK


@dataclass(frozen=True, kw_only=True, slots=True)
class Story:
    """`takes` is what a run usually takes, `grows` how much longer at the end of the month. `retried` is the share of
    runs that needed a second attempt.
    """

    takes: timedelta
    grows: float = 1.0
    spread: float = 0.2
    ends: Ends = always_well
    retried: float = 0.0
    prints: str = "{n} of {n} done"

    def duration(self, at: float, chance: Random) -> timedelta:
        """At a part of the month, from 0 to 1."""
        return self.takes * (1 + (self.grows - 1) * at) * max(chance.gauss(1, self.spread), 0.3)


STORIES = {
    "sync_orders": Story(
        takes=45 * SECOND,
        ends=seldom("requests.exceptions.ReadTimeout: marketplace.example: read timed out", 0.006),
        retried=0.03,
        prints="fetched {n} orders",
    ),
    "expire_carts": Story(takes=3 * SECOND, spread=0.4, prints="expired {n} carts"),
    "check_stock": Story(takes=100 * SECOND, grows=1.4, ends=seldom("KeyError: 'warehouse-7'", 0.01)),
    "refresh_search": Story(takes=4 * MINUTE, grows=1.8, ends=search, prints="indexed {n} products"),
    "nightly_backup": Story(takes=17 * MINUTE, grows=1.5, spread=0.05, ends=backup, prints="{n} MiB copied"),
    "send_invoices": Story(takes=90 * SECOND, ends=invoices, prints="sent {n} invoices"),
    "archive_documents": Story(takes=38 * MINUTE, spread=0.1, prints="archived {n} documents"),
    "newsletter": Story(takes=11 * MINUTE, prints="sent {n} mails"),
    "month_end_report": Story(takes=26 * MINUTE),
    "price_forecast": Story(takes=6 * MINUTE, spread=0.3, ends=forecast),
    "import_rates": Story(takes=2 * SECOND, prints="{n} rates stored"),
    "clearsessions": Story(takes=400 * SECOND / 1000),
    "prune_runs": Story(takes=900 * SECOND / 1000, prints="deleted {n} runs"),
}
# It came with the latest release, and hasn't been due yet.
NEW = {"month_end_report"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Pause:
    """Of a job, by whom and why: from so long ago until so long ago; without an end where `until` is None."""

    job: str
    by: str
    reason: str
    since: timedelta
    until: timedelta | None = None


PAUSES = [
    Pause(job="newsletter", by="grace", reason="new template isn't approved", since=12 * DAY),
    Pause(job="check_stock", by="ada", reason="stocktaking", since=4 * DAY, until=4 * DAY - 5 * HOUR),
]


def was_stopped(moment: datetime, now: datetime) -> bool:
    """Whether the app was stopped at a moment."""
    return STOPPED[1] < now - moment <= STOPPED[0]
