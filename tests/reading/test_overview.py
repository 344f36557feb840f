from datetime import UTC, datetime, timedelta

import pytest

from jobs.declarations.registry import UnknownJob
from jobs.reading.overview import overview, visible_arguments
from tests.helpers.rows import NOON, a_pause, a_run, an_override


@pytest.fixture
def nightly(declared, db):
    declared("nightly", command="succeeds", schedule="0 0 3 * * *", time_zone="Europe/Berlin")


def the_only(**rules):
    [row] = overview(now=NOON, **rules)
    return row


def test_a_job_is_shown_with_its_schedule_and_when_it_is_due_next(nightly):
    row = the_only()
    assert (row.schedule, row.time_zone, row.in_words) == ("0 0 3 * * *", "Europe/Berlin", "At 03:00 every day")
    assert row.next_run_at == datetime(2026, 3, 15, 2, 0, tzinfo=UTC)
    assert row.last_run is None


def test_the_latest_run_is_the_one_asked_for_last_whatever_became_of_it(nightly):
    a_run()
    latest = a_run(status="skipped", reason="overlap")
    assert the_only().last_run == latest


def test_a_paused_job_is_due_after_its_pause(nightly):
    end = datetime(2026, 3, 20, 2, 0, tzinfo=UTC)
    a_pause("nightly", "anna", began_at=NOON, until=end)
    row = the_only()
    assert (row.is_paused, row.paused_by, row.paused_until) == (True, "anna", end)
    assert row.next_run_at == end


def test_a_job_is_due_by_its_override_until_that_ends_and_then_as_declared(nightly):
    end = datetime(2026, 3, 15, 0, 0, tzinfo=UTC)
    override = an_override("nightly", "anna", began_at=NOON, until=end, schedule="0 0 0 1 7 *")
    row = the_only()
    assert (row.schedule, row.overridden_by) == ("0 0 0 1 7 *", "anna")
    assert row.next_run_at == datetime(2026, 3, 15, 2, 0, tzinfo=UTC)
    a_pause("nightly", "anna", began_at=NOON, until=datetime(2026, 3, 16, 0, 0, tzinfo=UTC))
    assert the_only().next_run_at == datetime(2026, 3, 16, 2, 0, tzinfo=UTC)
    override.until = None
    override.save()
    assert the_only().next_run_at == datetime(2026, 6, 30, 22, 0, tzinfo=UTC)


def test_a_job_paused_without_end_is_not_due(nightly):
    a_pause("nightly", "anna", began_at=NOON)
    assert the_only().next_run_at is None


def test_a_pause_that_has_passed_is_not_reported(nightly):
    a_pause("nightly", "anna", began_at=NOON - timedelta(days=2), until=NOON - timedelta(days=1))
    row = the_only()
    assert (row.is_paused, row.paused_by) == (False, "")


def test_a_disabled_job_is_not_due(nightly, monkeypatch):
    monkeypatch.setenv("AzureWebJobs_nightly_Disabled", "true")
    row = the_only()
    assert (row.disabled_by, row.next_run_at) == ("AzureWebJobs_nightly_Disabled", None)


def test_secrets_among_the_arguments_are_masked(declared, db):
    declared("nightly", "--token", "correct horse", command="writes", secrets=["--token"])
    assert the_only().arguments == ["--token", "********"]
    assert visible_arguments(a_run(arguments=["--token=battery staple"])) == ["--token=********"]


def test_some_jobs_can_be_asked_for(nightly, declared):
    declared("other", command="succeeds")
    assert [row.name for row in overview(["other"])] == ["other"]


def test_a_job_that_is_not_declared_is_named(nightly):
    with pytest.raises(UnknownJob) as error:
        overview(["nigthly"])
    assert str(error.value) == ("No job is declared as 'nigthly'. `manage.py jobs` lists them; did you mean 'nightly'?")


def test_fifty_jobs_cost_as_many_queries_as_one(declared, db, django_assert_num_queries):
    for number in range(50):
        declared(f"job_{number}", command="succeeds", schedule="0 0 3 * * *")
        a_run(f"job_{number}")
    with django_assert_num_queries(2):
        rows = overview()
    assert all(row.last_run for row in rows)
