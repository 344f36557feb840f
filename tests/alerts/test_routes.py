"""Who hears of an incident, and when: a table of routes."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.alerts import checks
from jobs.alerts.routes import Way, later, nobody_hears, ways
from jobs.choices import Cause
from jobs.declarations.registry import registry
from jobs.declarations.severity import severity

CHANNELS = {name: {"kind": "webhook", "url": f"https://hooks.example.com/{name}"} for name in ("ops", "pager", "phone")}
QUARTER = timedelta(minutes=15)
NOON = datetime(2026, 1, 14, 12, 0, tzinfo=UTC)
NIGHT = datetime(2026, 1, 14, 23, 0, tzinfo=UTC)  # midnight in Berlin
BERLIN = {"time_zone": "Europe/Berlin"}


@pytest.fixture
def jobs(declared):
    declared("pays", labels=["billing", "eu"], owner="billing@example.com")
    declared("cleans", owner="ops team")


def told(job, how_bad="error", at=NOON):
    """To whom it goes: the channel, with + and minutes where it is later, and ! where it escalates."""
    return [
        f"{way.channel}{f'+{round((way.due_at - at).total_seconds() / 60)}' if way.due_at > at else ''}"
        f"{'!' if way.escalates else ''}"
        for way in ways(job, how_bad, at)
    ]


@pytest.mark.parametrize(
    ("route", "pays", "cleans"),
    [
        ({"to": "ops"}, ["ops"], ["ops"]),
        ({"to": "ops", "jobs": ["pays"]}, ["ops"], []),
        ({"to": "ops", "jobs": ["cl*", "other"]}, [], ["ops"]),
        ({"to": "ops", "labels": ["billing"]}, ["ops"], []),
        ({"to": "ops", "labels": ["us", "eu"]}, ["ops"], []),
        ({"to": "ops", "labels": ["eu"], "jobs": ["cleans"]}, [], []),
        ({"to": "ops", "owners": ["ops team"]}, [], ["ops"]),
        ({"to": "ops", "severity": "warning"}, ["ops"], ["ops"]),
        ({"to": "ops", "severity": "critical"}, [], []),
        ({"to": "owner"}, ["email:billing@example.com"], []),
        ({"to": "ops", "hours": "22:00-06:00", **BERLIN}, [], []),
        ({"to": "ops", "hours": "08:00-18:00", "days": "mon-fri", **BERLIN}, ["ops"], ["ops"]),
        ({"to": "ops", "hours": "08:00-18:00", "days": "sat,sun", **BERLIN}, [], []),
        ({"to": "ops", "after": QUARTER}, ["ops+15!"], ["ops+15!"]),
        # Whether it is somebody's hour is asked of the moment at which it escalates.
        ({"to": "ops", "after": QUARTER, "hours": "13:10-14:00", **BERLIN}, ["ops+15!"], ["ops+15!"]),
        ({"to": "ops", "after": QUARTER, "hours": "13:00-13:10", **BERLIN}, [], []),
        ({"to": "ops", "quiet": "12:30-14:00", **BERLIN}, ["ops+60"], ["ops+60"]),
        ({"to": "ops", "quiet": "13:10-14:00", "after": QUARTER, **BERLIN}, ["ops+60!"], ["ops+60!"]),
        ({"to": "ops", "quiet": "22:00-06:00", **BERLIN}, ["ops"], ["ops"]),
    ],
)
def test_a_route_takes_what_it_names(settings, jobs, route, pays, cleans):
    settings.JOBS_CHANNELS, settings.JOBS_ROUTES = CHANNELS, [route]
    assert (told("pays"), told("cleans")) == (pays, cleans)


def test_each_channel_hears_once_however_many_routes_lead_there(settings, jobs):
    settings.JOBS_CHANNELS = CHANNELS
    settings.JOBS_ROUTES = [
        {"to": "ops", "quiet": "00:00-23:00", "time_zone": "UTC", "labels": ["billing"]},
        {"to": "ops"},
        {"to": "pager", "after": QUARTER},
        {"to": "pager", "after": 2 * QUARTER},
    ]
    assert told("pays") == ["ops", "pager+15!"]


def test_without_routes_each_channel_hears_of_everything(settings, jobs):
    settings.JOBS_CHANNELS = CHANNELS
    assert told("pays", "info") == ["ops", "pager", "phone"]


def test_without_channels_the_owner_hears_of_it_by_email_else_the_site(settings, jobs):
    settings.ADMINS, settings.MANAGERS = [], []
    assert (told("pays"), told("cleans"), told("")) == (["email:billing@example.com"], [], [])
    settings.MANAGERS = ["boss@example.com"]
    assert told("cleans") == ["email:boss@example.com"]
    settings.ADMINS = [("Ada", "ada@example.com"), "bob@example.com"]
    assert told("cleans") == told("") == ["email:ada@example.com, bob@example.com"]


def test_it_is_said_when_there_is_no_owner_and_no_channel(settings, declared):
    settings.ADMINS, settings.MANAGERS = [], []
    declared("cleans", owner="ops team")
    assert nobody_hears() == (
        "Nobody hears of incidents: set JOBS_CHANNELS, ADMINS, or an e-mail address as the jobs' owner."
    )
    settings.JOBS_CHANNELS = CHANNELS
    assert nobody_hears() == ""


def test_an_owner_with_an_address_is_somebody(settings, jobs):
    settings.ADMINS, settings.MANAGERS = [], []
    assert nobody_hears() == ""


def test_quiet_hours_say_until_when(settings, jobs):
    settings.JOBS_CHANNELS = CHANNELS
    settings.JOBS_ROUTES = [{"to": "phone", "quiet": "22:00-06:00", **BERLIN}]
    end = datetime(2026, 1, 15, 5, 0, tzinfo=UTC)
    assert ways("pays", "error", NIGHT) == [Way("phone", end, "Quiet hours until 2026-01-15 05:00:00Z.")]
    assert later("pays", "phone", NIGHT) == (end, "Quiet hours until 2026-01-15 05:00:00Z.")
    assert later("pays", "phone", NOON) == (NOON, "")


def test_a_maintenance_window_silences_what_it_names(settings, jobs):
    settings.JOBS_CHANNELS, settings.JOBS_ROUTES = CHANNELS, [{"to": "ops"}]
    settings.JOBS_MAINTENANCE = [
        {"labels": ["billing"], "from": "2026-01-14T12:00", "until": "2026-01-14T14:00", **BERLIN},
        {"jobs": ["pays"], "hours": "14:00-15:00", "days": "wed", **BERLIN},
    ]
    # The second begins as the first ends.
    assert (told("pays"), told("cleans"), told("")) == (["ops+120"], ["ops"], ["ops"])
    (way,) = ways("pays", "error", NOON)
    assert way.silenced == "A maintenance window until 2026-01-14 13:00:00Z."


@pytest.mark.parametrize(
    ("cause", "labels", "how_bad"),
    [
        (Cause.FAILED, [], "error"),
        (Cause.FAILED, ["critical"], "critical"),
        (Cause.MISSED, [], "error"),
        (Cause.MUST_SUCCEED_BY, ["critical"], "critical"),
        (Cause.SLOWER_THAN, [], "warning"),
        (Cause.SLOWER_THAN, ["critical"], "error"),
        (Cause.DRIFT, [], "info"),
        (Cause.NOT_RUNNING, [], "critical"),
    ],
)
def test_how_bad_it_is_follows_from_cause_and_label(declared, cause, labels, how_bad):
    declared("it", labels=labels)
    assert severity(cause, registry["it"]) == how_bad


def test_every_cause_has_a_severity():
    assert all(severity(cause, None) for cause in Cause)


@pytest.mark.parametrize(
    ("route", "flaw"),
    [
        ("ops", "str is not a dictionary. Write one with 'to', 'jobs'"),
        ({"to": "nobody"}, "'to' is 'nobody', and JOBS_CHANNELS has no such channel. Write one of 'owner', 'ops'"),
        ({}, "'to' is None"),
        ({"to": "ops", "sverity": "error"}, "'sverity' means nothing here. Did you mean 'severity'?"),
        ({"to": "ops", "severity": "bad"}, "'severity' is 'bad'. Write one of 'info', 'warning', 'error', 'critical'."),
        ({"to": "ops", "jobs": "pays"}, "'jobs' is 'pays'. Write a list of strings."),
        ({"to": "ops", "hours": "22:00-06:00"}, "hours need a zone. Add 'time_zone', such as 'Europe/Berlin'."),
        ({"to": "ops", "hours": "late", **BERLIN}, "'late' are not hours of a day."),
        ({"to": "ops", "hours": "22:00-06:00", "days": "never", **BERLIN}, "'never' are not days of the week."),
        ({"to": "ops", "days": "mon"}, "it has 'days' without 'hours'."),
        ({"to": "ops", "quiet": "22:00-06:00", "time_zone": "Europe/Berlim"}, "Did you mean 'Europe/Berlin'?"),
        ({"to": "ops", "quiet": "00:00-24:00", **BERLIN}, "'quiet' is all day: nothing would ever be sent."),
        ({"to": "ops", "after": 15}, "'after' is 15. Write a timedelta of 7 days at most"),
    ],
)
def test_a_route_that_cannot_be_used_is_refused_in_a_sentence(settings, route, flaw):
    settings.JOBS_CHANNELS, settings.JOBS_ROUTES = CHANNELS, [{"to": "ops"}, route]
    (error,) = checks.routes()
    assert error.id == "jobs.E031"
    assert error.msg.startswith("JOBS_ROUTES[1]: ")
    assert flaw in error.msg


@pytest.mark.parametrize(
    ("window", "flaw"),
    [
        ({}, "'from' is None. Write 'hours', or a date and time like '2026-03-28T22:00'."),
        ({"from": "2026-03-28T22:00", "until": "2026-03-28T23:00"}, "hours need a zone."),
        ({"from": "2026-03-28T22:00Z", "until": "2026-03-28T21:00Z"}, "'until' isn't after 'from'."),
        ({"from": "2026-03-28T22:00Z", "hours": "01:00-02:00", **BERLIN}, "Write one or the other."),
    ],
)
def test_a_maintenance_window_that_cannot_be_used_is_refused_in_a_sentence(settings, window, flaw):
    settings.JOBS_MAINTENANCE = [window]
    (error,) = checks.windows()
    assert error.id == "jobs.E032"
    assert flaw in error.msg
