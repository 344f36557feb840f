"""What the doctor says of the project: its settings, declarations and zone."""

import pytest

from jobs import declare
from jobs.checks import host
from jobs.declarations.registry import registry
from tests.helpers.doctor import all_is_well, says  # noqa: F401 — a fixture

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("all_is_well")]


def test_findings_of_djangos_own_checks():
    declare("nightly", command="succeeds", schedule="soon")
    ok, sentence = says("settings")
    assert not ok
    assert "nightly" in sentence
    assert not says("schedules")[0]


def test_no_schedule(declared):
    registry.clear()
    assert says("schedules") == (
        False,
        "No job has a schedule. Is the app with your schedule.py in INSTALLED_APPS?",
    )


def test_disabled_functions_are_named(monkeypatch):
    monkeypatch.setenv("AzureWebJobs.nightly.Disabled", "1")
    assert says("schedules") == (True, "1 job with a schedule; disabled in Azure: nightly")


def test_a_zone_of_the_host(monkeypatch):
    monkeypatch.setattr(host, "environment_at_start", lambda: {"WEBSITE_TIME_ZONE": "Europe/Berlin"})
    assert says("time zone") == (
        False,
        "WEBSITE_TIME_ZONE is 'Europe/Berlin': the host would read all schedules in that zone, but timers have "
        "theirs in UTC. Occurrences would be late, until the tick finds them. Remove the setting WEBSITE_TIME_ZONE. "
        "Set a job's zone with time_zone, or the default with TIME_ZONE.",
    )
