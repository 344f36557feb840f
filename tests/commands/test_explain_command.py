from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from django.core.management import CommandError, call_command

from jobs.declarations.registry import registry
from jobs.ledger import states
from jobs.management.moments import moment

pytestmark = pytest.mark.django_db


@pytest.fixture
def explained(declared, capsys):
    """Declares a job of 02:00 in Berlin, and gives the lines that the command prints."""
    declared("nightly", command="succeeds", schedule="0 0 2 * * *", time_zone="Europe/Berlin")

    def run(*words):
        call_command("explain", "nightly", *words)
        return capsys.readouterr().out.splitlines()

    return run


def test_the_latest_occurrence_is_explained(explained):
    due = registry["nightly"].schedule.previous(states.clock())
    assert explained() == [
        f"nightly was due at {due + timedelta(hours=1):%Y-%m-%d %H:%M} Europe/Berlin ({due:%H:%M} UTC).",
        "nightly has no ledger yet: it begins with the first tick that sees the job.",
    ]


@pytest.mark.parametrize(
    "when", [["2026-01-31T02:00"], ["2026-01-31 02:00"], ["2026-01-31", "02:00"], ["2026-01-31T01:00Z"]]
)
def test_a_moment_is_by_the_jobs_clock_unless_it_names_a_zone(explained, when):
    assert explained(*when)[0] == "nightly was due at 2026-01-31 02:00 Europe/Berlin (01:00 UTC)."


def test_a_time_of_day_is_the_latest_such_one(explained):
    assert explained("02:00")[0] == explained()[0]


@pytest.mark.parametrize("when", ["yesterday", "25:00", "2026-01-31", "2026-02-30T02:00", "0001-01-01T00:00"])
def test_a_moment_that_is_none_gets_one_sentence(explained, when):
    with pytest.raises(CommandError) as error:
        explained(when)
    assert str(error.value) == (
        f"{when!r} is not a date or time. Write 2026-01-31T02:00 or, for the latest such time, 02:00."
    )


def test_an_unknown_job_is_explained(declared):
    declared("nightly")
    with pytest.raises(CommandError) as error:
        call_command("explain", "nigthly")
    assert str(error.value) == ("No job is declared as 'nigthly'. `manage.py jobs` lists them; did you mean 'nightly'?")


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("02:00", "2026-03-29 01:00"),  # the clock jumped over 02:00, and what was due then ran at 03:00
        ("04:00", "2026-03-28 03:00"),  # an hour ahead: yesterday's, by winter time
        ("03:30:00", "2026-03-28 02:30"),
        ("03:10:30", "2026-03-29 01:10:30"),
    ],
)
def test_the_latest_time_of_day_is_found_across_a_change_of_the_clock(text, found):
    zone = ZoneInfo("Europe/Berlin")
    now = datetime(2026, 3, 29, 1, 15, tzinfo=UTC)
    assert moment(text, zone, now) == datetime.fromisoformat(found).replace(tzinfo=UTC)
