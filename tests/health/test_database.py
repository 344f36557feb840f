"""What the doctor says of the database, its clock and its ledger."""

from datetime import UTC, datetime, timedelta

import pytest

from jobs.ledger import migration_gate
from jobs.models import LastTick
from tests.helpers.doctor import all_is_well, says  # noqa: F401 — a fixture
from tests.helpers.rows import an_override

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_well")]


def test_pending_migrations(monkeypatch):
    monkeypatch.setattr(migration_gate, "pending", lambda: ["nightshift.0002_last_tick"])
    assert says("migrations") == (
        False,
        "nightshift.0002_last_tick is not applied to the database: nothing runs until `manage.py migrate` has been "
        "run.",
    )


def test_more_connections_than_the_server_has(settings):
    settings.JOBS_MAX_INSTANCES = 20
    ok, sentence = says("connections")
    assert not ok
    assert sentence.startswith("The app may need 760 database connections at its peak, ")


def test_clocks_that_differ(database_clock):
    database_clock.set(ahead=timedelta(minutes=-4))
    assert says("clocks") == (
        False,
        "This host's clock is 4 min ahead of the database's, by which jobs are due: timers fire early. "
        "Let both keep time by NTP.",
    )


def test_a_jump_of_the_databases_clock():
    LastTick.objects.all().delete()
    assert says("clocks") == (True, "this host's and the database's agree")
    jumped_at = datetime(2026, 3, 14, 12, 0, tzinfo=UTC)
    LastTick.objects.update_or_create(id=1, defaults={"jumped_at": jumped_at, "jump": timedelta(minutes=4)})
    assert says("clocks") == (
        True,
        "this host's and the database's agree; the database's was set ahead by 4 min, as a tick found at "
        "2026-03-14 12:00:00Z",
    )


def test_an_override_that_cant_be_read_here(declared):
    declared("hourly", command="succeeds", schedule="0 0 * * * *")
    for job in ("hourly", "nightly"):
        an_override(job, time_zone="Mars/Olympus")
    assert says("overrides") == (
        False,
        "The override of nightly can't be read: There is no time zone 'Mars/Olympus'. Write an IANA name like "
        "'Europe/Berlin'. It doesn't apply. End it with `manage.py override JOB --end`. And 1 more override: "
        "`manage.py drift`.",
    )
