"""A night as a story, with the clocks moved: exactly the messages that a person would want, in order.

The tick, the rules, the routes and the outbox are real, and so is the database. Runs are claimed and ended as their
supervisors do it, and of each message its server takes it at once. docs/how-to/alerts.md holds what comes of it.
"""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from jobs import alert, clocks
from jobs.choices import AttemptStatus
from jobs.execution import tick
from jobs.ledger import attempts, claims, incident_acts, timing
from jobs.ledger.attempts import Outcome
from jobs.models import Incident, Run
from tests.alerts.telling import CHANNELS, sent
from tests.helpers.rows import HERE, a_queued_run, first_seen_at

pytestmark = pytest.mark.django_db
BERLIN = ZoneInfo("Europe/Berlin")
MINUTE = timedelta(minutes=1)
BEGIN, END = (datetime(2026, 2, 10, hour, 50, tzinfo=BERLIN) for hour in (0, 5))
# The database is away.
AWAY, BACK = (datetime(2026, 2, 10, 2, minute, tzinfo=BERLIN) for minute in (10, 47))
ELEVEN = (
    *("coupons", "exports", "invoices", "newsletters", "orders", "prices"),
    *("ratings", "returns", "search_index", "sitemaps", "stock"),
)
DEAD = "ConnectionError: rates.example.com doesn't answer"
PAGE = Path(__file__).parents[2] / "docs/how-to/alerts.md"


class Night:
    def __init__(self, database_clock, monkeypatch):
        self.database_clock, self.ahead = database_clock, timedelta(0)
        since_boot = clocks.since_boot
        monkeypatch.setattr(clocks, "wall", lambda: datetime.now(UTC) + self.ahead)
        monkeypatch.setattr(clocks, "elapsed", lambda: since_boot() + self.ahead.total_seconds())
        self.said, self.backup = [], None

    def move_to(self, moment):
        """The clocks go on from there as ever."""
        self.now = moment
        self.ahead = moment - datetime.now(UTC)
        self.database_clock.set(ahead=self.ahead)

    def minute(self):
        """What happens in a minute: the tick, what runs do, what people do, and what is sent."""
        tick.tick()
        for run in Run.objects.ready():
            self.work(run)
        if self.backup is not None:
            Run.objects.filter(pk=self.backup.run_id).update(lease_expires_at=self.now + timing.LEASE)
        self.act(f"{self.now:%H:%M}")
        self.move_to(self.now + timedelta(seconds=20))  # whatever the tick took on this machine
        self.said += [f"{self.now:%H:%M}  {channel:<5}  {title}" for channel, title in sent()]

    def work(self, run):
        if run.job == "close_month" and run.trigger == "schedule":
            return  # no instance has room for it
        claim = claims.claim(run.pk, HERE)
        assert claim is not None
        if run.job == "backup" and run.trigger == "schedule":
            self.backup = claim
            return
        hours = self.now.strftime("%H:%M")
        fails = run.job == "rates" and "01:00" <= hours < "01:15"
        self.end(claim, AttemptStatus.FAILED if fails else AttemptStatus.SUCCEEDED, DEAD if fails else "")

    def end(self, claim, status, error=""):
        attempts.finish(claim, Outcome(status=status, error=error))

    def act(self, time):
        match time:
            case "04:00":
                self.end(self.backup, AttemptStatus.TIMED_OUT, "It was stopped at its timeout of 1 h.")
                self.backup = None
            case "04:20":
                (incident,) = Incident.objects.open().of("backup").filter(cause="failed")
                incident_acts.acknowledge(incident.pk, by="ada", note="The disk is full.")
            case "04:40":
                a_queued_run("backup")
            case "05:00":
                a_queued_run("close_month")


def test_a_night_brings_these_messages_and_no_others(declared, settings, database_clock, monkeypatch):
    settings.JOBS_CHANNELS = CHANNELS
    settings.JOBS_ROUTES = [{"to": "ops"}, {"to": "phone", "severity": "error", "after": timedelta(minutes=15)}]
    zone = {"time_zone": "Europe/Berlin", "timer": False}
    late = {"start_deadline": timedelta(hours=1)}
    for name in ELEVEN:
        declared(name, schedule="0 */15 * * * *", **zone, **late)
    declared("rates", schedule="0 */5 * * * *", **zone, **late)
    declared("backup", schedule="0 0 3 * * *", alerts=[alert.still_running(timedelta(minutes=30))], **zone)
    declared("close_month", schedule="0 0 4 * * *", start_deadline=timedelta(minutes=10), **zone)
    night = Night(database_clock, monkeypatch)
    first_seen_at(monkeypatch, BEGIN)
    moment = BEGIN.astimezone(UTC)
    while moment <= END:
        if not AWAY < moment < BACK:
            # A little later in each minute than in the one before, as timers drift: 30 minutes after a run was claimed
            # they are over, however long that took on this machine.
            night.move_to(moment.astimezone(BERLIN) + (moment - BEGIN) / 600)
            night.minute()
        moment += MINUTE
    assert not Incident.objects.open().exists()
    story = "\n".join(night.said)
    print(story)
    found = PAGE.read_text().partition("## A night\n")[2].partition("```\n")[2].partition("```")[0]
    assert found.strip() == story
